import { describe, expect, it } from "vitest";
import { digest, entry } from "../../test/outdated.ts";
import { installedVersion, latestVersion, releaseUrlOf } from "./entry.ts";
import type { Entry } from "./ports.ts";
import type { CheckRecord } from "./update-status.ts";
import { isSameVersion } from "./versions.ts";

const versions = (of: Entry) => [installedVersion(of), latestVersion(of)];

describe("the versions of a container", () => {
  it.each<[string, Partial<CheckRecord>, readonly string[]]>([
    ["its tag, where the images say nothing", {}, ["stable (aaaaaaaaaaaa)", "stable (bbbbbbbbbbbb)"]],
    [
      "what the images say of themselves",
      { installed: { version: "1.2" }, latest: { version: "1.3" } },
      ["1.2 (aaaaaaaaaaaa)", "1.3 (bbbbbbbbbbbb)"],
    ],
    [
      "what they say, told apart by digest, where it is the same",
      { installed: { version: "1.2" }, latest: { version: "1.2" } },
      ["1.2 (aaaaaaaaaaaa)", "1.2 (bbbbbbbbbbbb)"],
    ],
    [
      "its tag, where what they say is their base image's",
      { installed: { version: "24.04" }, latest: { version: "24.04" } },
      ["stable (aaaaaaaaaaaa)", "stable (bbbbbbbbbbbb)"],
    ],
    [
      "literally the same where there is no update",
      { verdict: "up_to_date", latestDigest: digest("b"), installed: { version: "1.2" } },
      ["1.2 (aaaaaaaaaaaa)", "1.2 (aaaaaaaaaaaa)"],
    ],
  ])("are %s", (_, check, expected) => {
    expect(versions(entry(check))).toEqual(expected);
  });

  it("are those of one digest however they are called", () => {
    expect(isSameVersion("stable (aaaaaaaaaaaa)", "1.2 (aaaaaaaaaaaa)")).toBe(true);
    expect(isSameVersion("1.2 (aaaaaaaaaaaa)", "1.2 (bbbbbbbbbbbb)")).toBe(false);
  });
});

describe("releaseUrlOf", () => {
  const source = "https://github.com/team/app";

  it.each<[string, Entry, string]>([
    ["the newest image's", entry({ latest: { source, version: "v2.0" } }), `${source}/releases/tag/v2.0`],
    ["that of the source that only the installed one tells", entry({ installed: { source } }), `${source}/releases`],
    [
      "the label's",
      entry({ latest: { source } }, { "gangway.release-url": "https://example.org/" }),
      "https://example.org/",
    ],
    ["the image's page at least", entry(), "https://hub.docker.com/r/team/app/tags"],
  ])("is %s", (_, of, expected) => {
    expect(releaseUrlOf(of)).toBe(expected);
  });
});
