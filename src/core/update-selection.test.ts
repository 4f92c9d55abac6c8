import { describe, expect, it } from "vitest";
import type { Container } from "./container.ts";
import type { Entry } from "./ports.ts";
import { selectForUpdate } from "./update-selection.ts";

function entry(name: string, image: string, verdict: string, labels: Readonly<Record<string, string>> = {}): Entry {
  const container = { name, id: name, image, imageId: "sha256:1", labels } as unknown as Container;
  return { container, check: { imageId: "sha256:1", reference: image, verdict } } as unknown as Entry;
}

const home = { "com.docker.compose.project": "home" };
const entries = [
  entry("db", "postgres:16", "up_to_date", home),
  entry("gangway", "gangway:1", "update_available"),
  entry("off", "nginx:1", "update_available", { "gangway.update": "off" }),
  entry("proxy", "nginx:1", "update_available"),
  entry("web", "ghcr.io/me/web:1", "update_available", home),
];
const isOwn = (name: string): boolean => name === "gangway";

describe("selectForUpdate", () => {
  it.each([
    ["takes all that have an update, Gangway itself last", {}, ["proxy", "web", "gangway"]],
    ["takes the named ones, an update known or not", { containers: ["web", "db"] }, ["db", "web"]],
    ["takes a named one whose label is for others", { containers: ["off"] }, ["off"]],
    ["takes an image's", { image: "nginx" }, ["proxy"]],
    ["takes those of a pattern", { image: "ghcr.io/**" }, ["web"]],
    ["takes a compose project's", { project: "home" }, ["web"]],
    ["takes those that all members say", { containers: ["db", "proxy"], project: "home" }, ["db"]],
    ["takes none where none fits", { project: "none" }, []],
  ])("%s", (_, selector, names) => {
    expect(selectForUpdate(entries, selector, isOwn)).toEqual({ kind: "selected", names });
  });

  it("tells of names that are not there", () => {
    expect(selectForUpdate(entries, { containers: ["web", "wbe"] }, isOwn)).toEqual({
      kind: "unknown",
      names: ["wbe"],
    });
  });

  it("takes no verdict on another image for one on this", () => {
    const [, , , proxy] = entries;
    const recreated = { ...proxy, container: { ...proxy?.container, imageId: "sha256:2" } } as Entry;

    expect(selectForUpdate([recreated], {}, isOwn)).toEqual({ kind: "selected", names: [] });
  });
});
