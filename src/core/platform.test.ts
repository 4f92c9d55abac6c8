import { describe, expect, it } from "vitest";
import type { Platform } from "./inspect.ts";
import { choosePlatform, isFitting, platformFrom, platformText } from "./platform.ts";
import type { IndexEntry } from "./remote-manifest.ts";

describe("platformText", () => {
  it.each<[string, Platform]>([
    ["linux/amd64", { os: "linux", architecture: "amd64" }],
    ["linux/amd64", { os: "linux", architecture: "x86_64" }],
    ["linux/amd64", { os: "Linux", architecture: "AMD64", variant: "v1" }],
    ["linux/amd64/v3", { os: "linux", architecture: "amd64", variant: "v3" }],
    ["linux/386", { os: "linux", architecture: "i386" }],
    ["linux/arm64", { os: "linux", architecture: "aarch64" }],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "v8" }],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "8" }],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "v8.0" }],
    ["linux/arm64/v9", { os: "linux", architecture: "arm64", variant: "v9" }],
    ["linux/arm/v7", { os: "linux", architecture: "arm" }],
    ["linux/arm/v7", { os: "linux", architecture: "armhf" }],
    ["linux/arm/v7", { os: "linux", architecture: "arm", variant: "7" }],
    ["linux/arm/v6", { os: "linux", architecture: "armel" }],
    ["linux/riscv64", { os: "linux", architecture: "riscv64" }],
    ["linux/s390x", { os: "linux", architecture: "s390x", variant: "" }],
  ])("is %s for %j, and stands for the same platform again", (text, platform) => {
    expect(platformText(platform)).toBe(text);
    expect(platformText(platformFrom(text))).toBe(text);
  });
});

/** An entry that goes by its text: `linux/arm/v7`, `attestation`, `?` for no platform, `index linux/amd64`. */
function entryFrom(text: string): IndexEntry {
  const isIndex = text.startsWith("index ");
  const name = text.replace(/^index /, "");
  const base = { digest: text, isIndex, annotations: {}, isArtifact: false };
  switch (name) {
    case "attestation":
      return {
        ...base,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      };
    case "unknown/unknown":
      return { ...base, platform: { os: "unknown", architecture: "unknown" } };
    case "marked linux/amd64":
      return { ...base, platform: platformFrom("linux/amd64"), annotations: { "vnd.docker.reference.type": "x" } };
    case "artifact linux/amd64":
      return { ...base, platform: platformFrom("linux/amd64"), isArtifact: true };
    case "?":
      return base;
    default:
      return { ...base, platform: platformFrom(name) };
  }
}

describe("choosePlatform", () => {
  it.each<[wanted: string, entries: readonly string[], chosen: string]>([
    ["linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"],
    ["linux/amd64", ["linux/386", "linux/amd64"], "linux/amd64"],
    ["linux/amd64", ["linux/arm64", "linux/386"], "linux/386"],
    ["linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"],
    ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"],
    ["linux/386", ["linux/amd64", "linux/386"], "linux/386"],
    ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm64"], "linux/arm/v6"],
    ["linux/arm/v7", ["linux/arm/v6", "linux/arm/v7", "linux/arm/v8"], "linux/arm/v7"],
    ["linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"],
    ["linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], "linux/arm64/v8"],
    ["linux/arm64", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"],
    ["linux/arm64/v9", ["linux/arm64"], "linux/arm64"],
    ["linux/riscv64", ["linux/amd64", "linux/riscv64"], "linux/riscv64"],
    ["linux/amd64", ["attestation", "linux/amd64", "attestation"], "linux/amd64"],
    ["linux/amd64", ["marked linux/amd64", "artifact linux/amd64", "linux/386"], "linux/386"],
    ["linux/amd64", ["linux/amd64", "linux/amd64"], "linux/amd64"],
  ])("gives %s of %j the image for %s", (wanted, entries, chosen) => {
    expect(choosePlatform(entries.map(entryFrom), platformFrom(wanted))).toMatchObject({
      kind: "image",
      entry: { digest: chosen },
      isStated: true,
    });
  });

  it.each<[wanted: string, entries: readonly string[], platforms: readonly string[]]>([
    ["linux/amd64", ["linux/arm64", "linux/arm/v7"], ["linux/arm64", "linux/arm/v7"]],
    ["linux/386", ["linux/amd64", "attestation"], ["linux/amd64"]],
    ["linux/arm/v6", ["linux/arm/v7", "linux/arm/v7"], ["linux/arm/v7"]],
    ["linux/arm/v7", ["linux/arm64"], ["linux/arm64"]],
    ["linux/amd64", ["windows/amd64"], ["windows/amd64"]],
    ["linux/amd64", ["attestation", "unknown/unknown"], []],
    ["linux/amd64", [], []],
  ])("has nothing for %s in %j", (wanted, entries, platforms) => {
    expect(choosePlatform(entries.map(entryFrom), platformFrom(wanted))).toEqual({ kind: "none", platforms });
  });

  it("takes an image that says no platform for want of a better one, and says so", () => {
    const choose = (...texts: string[]) => choosePlatform(texts.map(entryFrom), platformFrom("linux/amd64"));

    expect(choose("?", "linux/386")).toMatchObject({ entry: { digest: "linux/386" }, isStated: true });
    expect(choose("linux/arm64", "?")).toMatchObject({ entry: { digest: "?" }, isStated: false });
  });

  it("looks into indexes in the index where no image is exactly the wanted one", () => {
    const choose = (...texts: string[]) => choosePlatform(texts.map(entryFrom), platformFrom("linux/amd64"));

    expect(choose("index linux/amd64", "linux/amd64")).toMatchObject({ kind: "image" });
    expect(choose("index ?", "index linux/arm64", "index linux/amd64", "linux/386")).toMatchObject({
      kind: "indexes",
      entries: [{ digest: "index linux/amd64" }, { digest: "index ?" }],
      otherwise: { kind: "image", entry: { digest: "linux/386" } },
    });
    expect(choose("index ?", "linux/arm64")).toMatchObject({
      kind: "indexes",
      otherwise: { kind: "none", platforms: ["linux/arm64"] },
    });
  });
});

describe("isFitting", () => {
  it.each([
    ["linux/amd64", "linux/amd64", true],
    ["linux/386", "linux/amd64", true],
    ["linux/amd64", "linux/386", false],
    ["linux/arm64", "linux/amd64", false],
    ["linux/arm/v7", "linux/arm64", true],
  ])("tells whether an image for %s runs where one for %s does: %s", (actual, wanted, fits) => {
    expect(isFitting(platformFrom(actual), platformFrom(wanted))).toBe(fits);
  });
});
