import { describe, expect, it } from "vitest";
import { detailsFrom, detailsOfConfig, humanVersion, type ImageDetails } from "./image-version.ts";

const oci = (members: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [`org.opencontainers.image.${key}`, value]));

describe("detailsFrom", () => {
  it("reads the labels of the image specification", () => {
    const labels = oci({
      version: "1.2.3",
      revision: "abc",
      source: "s",
      url: "u",
      created: "c",
      "ref.name": "ubuntu",
    });

    expect(detailsFrom(labels)).toEqual({
      version: "1.2.3",
      revision: "abc",
      source: "s",
      url: "u",
      created: "c",
      base: "ubuntu",
    });
  });

  it.each([
    ["Label Schema's where there are no others", { "org.label-schema.version": "7.1" }, "7.1"],
    ["the newer ones first", { "org.label-schema.version": "7.1", ...oci({ version: "8" }) }, "8"],
    [
      "LinuxServer's own",
      { build_version: "Linuxserver.io version:- v4.0.3-ls215 Build-date:- 2026-03-01" },
      "v4.0.3-ls215",
    ],
    ["nothing in an empty one", oci({ version: " " }), undefined],
    ["nothing in one that is too long", oci({ version: "1".repeat(65) }), undefined],
    ["nothing in one that can't be shown", oci({ version: "1.2\u0007" }), undefined],
  ])("reads the version: %s", (_, labels, version) => {
    expect(detailsFrom(labels).version).toBe(version);
  });

  it("lets the first place win that says something", () => {
    expect(detailsFrom(null, oci({ version: "1" }), oci({ version: "2", url: "u" }))).toEqual({
      version: "1",
      url: "u",
    });
  });
});

describe("humanVersion", () => {
  it.each([
    ["1.27.3", "1.27.3"],
    ["v4.0.3-ls215", "v4.0.3-ls215"],
    ["2026.3.1", "2026.3.1"],
    ["20260301", "20260301"],
    ["8", "8"],
    ["17-alpine", "17-alpine"],
    ["latest", undefined],
    ["main", undefined],
    ["main-20260301", undefined],
    ["pr-12", undefined],
    ["stable", undefined],
    ["sha-1a2b3c4", undefined],
    ["1a2b3c4", undefined],
    ["1a2b3c4d5e6f708192a3b4c5d6e7f80910111213", undefined],
    ["$VERSION1", undefined],
    ["0.0.0", undefined],
  ])("takes %s for %s", (version, expected) => {
    expect(humanVersion({ version }, "team/app")).toBe(expected);
  });

  it.each<[string, Parameters<typeof humanVersion>, string | undefined]>([
    ["its base image's release", [{ version: "24.04", base: "ubuntu" }, "team/app"], undefined],
    ["its own, though the base has left its name", [{ version: "1.40.2", base: "ubuntu" }, "team/app"], "1.40.2"],
    ["the distribution's own", [{ version: "24.04", base: "ubuntu" }, "library/ubuntu"], "24.04"],
    ["a release that two images have alike", [{ version: "24.04" }, "team/app", { version: "24.04" }], undefined],
    ["a release that only one of them has", [{ version: "24.10" }, "team/app", { version: "24.04" }], "24.10"],
    ["another version that two images have alike", [{ version: "1.2.3" }, "team/app", { version: "1.2.3" }], "1.2.3"],
    ["nothing where there is nothing", [undefined, "team/app"], undefined],
  ])("tells an image's own version from its base image's: %s", (_, parameters, expected) => {
    expect(humanVersion(...parameters)).toBe(expected);
  });
});

describe("detailsOfConfig", () => {
  const labels = {
    "org.opencontainers.image.version": "1.2",
    "org.opencontainers.image.created": "2024-01-01T00:00:00Z",
  };

  it.each<[string, string | undefined, ImageDetails]>([
    ["the configuration's own", "2026-03-01T00:00:00.1Z", { version: "1.2", created: "2026-03-01T00:00:00.1Z" }],
    ["none for a reproducible build, of whatever the label tells", "1970-01-01T00:00:00Z", { version: "1.2" }],
    ["none for the first year", "0001-01-01T00:00:00Z", { version: "1.2" }],
    ["none for what is no time", "yesterday", { version: "1.2" }],
    ["none for nothing", undefined, { version: "1.2" }],
  ])("tells a time of building: %s", (_, created, expected) => {
    expect(detailsOfConfig(labels, created)).toEqual(expected);
  });
});
