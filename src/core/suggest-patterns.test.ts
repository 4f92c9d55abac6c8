import { describe, expect, it } from "vitest";
import { suggestPatterns } from "./suggest-patterns.ts";

/*
 * Tags as these projects give them to their images: examples, written from knowledge, not taken from a registry.
 */
const nginx =
  "latest stable mainline alpine perl stable-alpine 1 1.27 1.28 1.27.3 1.27.4 1.28.0 1.9.1 1-alpine 1.27-alpine 1.28-alpine " +
  "1.27.3-alpine 1.27.4-alpine 1.28.0-alpine 1.27.3-alpine3.20 1.27.4-alpine3.21 1.27.3-bookworm 1.28.0-bookworm";
const calibre =
  "latest arm64v8-latest amd64-latest v7.1.0-ls299 v7.1.0-ls300 v8.0.1-ls99 version-v7.1.0 version-v8.0.1 " +
  "amd64-v7.1.0-ls299 amd64-v8.0.1-ls99 arm64v8-v7.1.0-ls299 arm64v8-v8.0.1-ls99 7.1.0 8.0.1";
const plex = "latest plexpass beta public 1.32.5.7349-8f4248874 1.40.0.7998-c29d4c0c8 1.41.3.9314-a0bfb8370";
const homeAssistant =
  "latest stable beta dev rc 2026.3 2026.3.0 2026.3.1 2026.3.10 2026.4.0b1 2026.4.0b2 " +
  "2026.4.0.dev202603010231 2026.4.0.dev202603020229 sha256-" +
  `${"ab".repeat(32)}.sig`;
const postgres =
  "latest alpine bookworm 15 16 17 15.10 16.6 17.2 17.1 16.6-alpine 17.2-alpine 16.6-alpine3.20 17rc1 17beta3";
const grafana =
  "latest main master 11.4.0 11.4.1 11.10.0 11.4.0-ubuntu 11.4.1-ubuntu 12.0.0-pre1 main-1a2b3c4 dev-preview";
const minio = "latest edge RELEASE.2024-12-18T13-15-44Z RELEASE.2025-01-20T14-49-07Z RELEASE.2025-01-20T14-49-07Z.fips";
const nightly = "nightly nightly-20260801 nightly-20260802 nightly-20260803";

describe("suggestPatterns", () => {
  it.each([
    ["nginx", nginx, "^[0-9]+\\.[0-9]+\\.[0-9]+$", "Semantic version (X.Y.Z)", 4, ["1.28.0", "1.27.4", "1.27.3"]],
    [
      "linuxserver/calibre",
      calibre,
      "^v[0-9]+\\.[0-9]+\\.[0-9]+-ls[0-9]+$",
      "LinuxServer.io (vX.Y.Z-lsN)",
      3,
      ["v8.0.1-ls99", "v7.1.0-ls300", "v7.1.0-ls299"],
    ],
    [
      "plexinc/pms-docker",
      plex,
      "^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+-[0-9a-f]+$",
      "X.Y.Z.W-COMMIT",
      3,
      ["1.41.3.9314-a0bfb8370", "1.40.0.7998-c29d4c0c8", "1.32.5.7349-8f4248874"],
    ],
    [
      "home-assistant",
      homeAssistant,
      "^[0-9]{4}\\.[0-9]+\\.[0-9]+$",
      "Calendar version (YYYY.MM.N)",
      3,
      ["2026.3.10", "2026.3.1", "2026.3.0"],
    ],
    ["postgres", postgres, "^[0-9]+\\.[0-9]+$", "Major.Minor (X.Y)", 4, ["17.2", "17.1", "16.6"]],
    ["grafana", grafana, "^[0-9]+\\.[0-9]+\\.[0-9]+$", "Semantic version (X.Y.Z)", 3, ["11.10.0", "11.4.1", "11.4.0"]],
    [
      "minio",
      minio,
      "^RELEASE\\.[0-9]{4}-[0-9]+-[0-9]+T[0-9]+-[0-9]+-[0-9]+Z$",
      "RELEASE.YYYY-N-NTN-N-NZ",
      2,
      ["RELEASE.2025-01-20T14-49-07Z", "RELEASE.2024-12-18T13-15-44Z"],
    ],
    [
      "llama.cpp",
      "server server-b999 server-b1000 server-b4567",
      "^server-b[0-9]+$",
      "server-bX",
      3,
      ["server-b4567", "server-b1000", "server-b999"],
    ],
    // There is nothing else.
    [
      "nightly builds",
      nightly,
      "^nightly-[0-9]{8}$",
      "nightly-DATE",
      3,
      ["nightly-20260803", "nightly-20260802", "nightly-20260801"],
    ],
  ])("puts the pattern for %s first that its users want", (_, tags, regex, label, matchCount, exampleTags) => {
    expect(suggestPatterns(tags.split(" ")).patterns[0]).toEqual({ regex, label, matchCount, exampleTags });
  });

  it.each([
    ["nginx", nginx, "latest stable mainline alpine perl stable-alpine"],
    ["home-assistant", homeAssistant, "latest stable beta dev rc"],
    ["grafana", grafana, "latest main master dev-preview"],
    ["calibre", calibre, "latest"],
  ])("names the tags of %s that move", (_, tags, expected) => {
    expect(suggestPatterns(tags.split(" ")).baseTags).toEqual(expected.split(" "));
  });

  it("proposes variants after plain versions, and neither single architectures nor pre-releases", () => {
    const regexes = (tags: string): readonly string[] =>
      suggestPatterns(tags.split(" ")).patterns.map(({ regex }) => regex);

    expect(regexes(nginx)).toEqual([
      "^[0-9]+\\.[0-9]+\\.[0-9]+$",
      "^[0-9]+\\.[0-9]+$",
      "^[0-9]+\\.[0-9]+\\.[0-9]+-alpine$",
      "^[0-9]+\\.[0-9]+\\.[0-9]+-alpine[0-9]+\\.[0-9]+$",
      "^[0-9]+\\.[0-9]+\\.[0-9]+-bookworm$",
      "^[0-9]+\\.[0-9]+-alpine$",
    ]);
    expect(regexes(calibre)).toEqual([
      "^v[0-9]+\\.[0-9]+\\.[0-9]+-ls[0-9]+$",
      "^[0-9]+\\.[0-9]+\\.[0-9]+$",
      "^version-v[0-9]+\\.[0-9]+\\.[0-9]+$",
    ]);
    expect(regexes(homeAssistant)).toEqual(["^[0-9]{4}\\.[0-9]+\\.[0-9]+$"]);
  });

  it("proposes nothing for what stands alone, and nothing for nothing", () => {
    expect(suggestPatterns(["latest", "1.0.0"])).toEqual({ patterns: [], baseTags: ["latest"], totalTags: 2 });
    expect(suggestPatterns([])).toEqual({ patterns: [], baseTags: [], totalTags: 0 });
  });

  it("matches all its examples by each pattern", () => {
    for (const tags of [nginx, calibre, plex, homeAssistant, postgres, grafana, minio, nightly]) {
      for (const { regex, exampleTags, matchCount } of suggestPatterns(tags.split(" ")).patterns) {
        expect(exampleTags.filter((tag) => !new RegExp(regex).test(tag))).toEqual([]);
        expect(matchCount).toBeGreaterThanOrEqual(exampleTags.length);
      }
    }
  });
});
