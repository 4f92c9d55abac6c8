import { describe, expect, it } from "vitest";
import { parseImageReference } from "./image-reference.ts";
import { releaseUrl } from "./release-url.ts";

function urlOf(image: string, facts: { label?: string; source?: string; url?: string; version?: string } = {}) {
  const parsed = parseImageReference(image);
  const { label, version, ...details } = facts;
  return releaseUrl({ label, version, details, reference: parsed.kind === "reference" ? parsed : undefined });
}

describe("releaseUrl", () => {
  it.each<[string, string, Parameters<typeof urlOf>[1], string | undefined]>([
    [
      "the label first",
      "nginx",
      { label: "https://example.org/news", source: "https://github.com/a/b" },
      "https://example.org/news",
    ],
    ["no label that is no web address", "x.io/a", { label: "javascript:alert(1)" }, undefined],
    ["no label with a password", "x.io/a", { label: "https://u:p@example.org/" }, undefined],
    ["no label without an end", "x.io/a", { label: `https://example.org/${"x".repeat(1_000)}` }, undefined],
    [
      "the releases of the source code",
      "x.io/a",
      { source: "https://github.com/a/b" },
      "https://github.com/a/b/releases",
    ],
    [
      "the very release",
      "x.io/a",
      { source: "https://github.com/a/b", version: "v1.2.3" },
      "https://github.com/a/b/releases/tag/v1.2.3",
    ],
    [
      "no release that may be called otherwise",
      "x.io/a",
      { source: "https://github.com/a/b", version: "1.2.3" },
      "https://github.com/a/b/releases",
    ],
    [
      "a release by date",
      "x.io/a",
      { source: "https://github.com/a/b", version: "2026.3.1" },
      "https://github.com/a/b/releases/tag/2026.3.1",
    ],
    [
      "LinuxServer's release",
      "x.io/a",
      { source: "https://github.com/linuxserver/docker-b", version: "4.0.3-ls215" },
      "https://github.com/linuxserver/docker-b/releases/tag/4.0.3-ls215",
    ],
    [
      "a source with its build context",
      "x.io/a",
      { source: "https://github.com/nginx/docker-nginx.git#abc:mainline/debian" },
      "https://github.com/nginx/docker-nginx/releases",
    ],
    ["a source by ssh", "x.io/a", { source: "git@github.com:a/b.git" }, "https://github.com/a/b/releases"],
    [
      "a source in a directory",
      "x.io/a",
      { source: "https://github.com/a/b/tree/main/images/c" },
      "https://github.com/a/b/releases",
    ],
    [
      "GitLab's",
      "x.io/a",
      { source: "https://gitlab.com/g/s/b.git", version: "v1.0" },
      "https://gitlab.com/g/s/b/-/releases/v1.0",
    ],
    [
      "GitLab's from a page",
      "x.io/a",
      { source: "https://gitlab.com/g/b/-/tree/main" },
      "https://gitlab.com/g/b/-/releases",
    ],
    [
      "the home page, where that is at GitHub",
      "x.io/a",
      { url: "https://github.com/a/b" },
      "https://github.com/a/b/releases",
    ],
    ["no other home page", "x.io/a", { url: "https://example.org/" }, undefined],
    ["no owner alone", "x.io/a", { source: "https://github.com/a" }, undefined],
    [
      "LinuxServer by name",
      "lscr.io/linuxserver/calibre",
      {},
      "https://github.com/linuxserver/docker-calibre/releases",
    ],
    ["Docker Hub's page", "grafana/grafana:11", {}, "https://hub.docker.com/r/grafana/grafana/tags"],
    ["Docker Hub's page of an official image", "nginx", {}, "https://hub.docker.com/_/nginx/tags"],
    ["nothing for another registry", "x.io/a/b", {}, undefined],
    ["nothing for an id", "a".repeat(64), {}, undefined],
  ])("is %s", (_, image, facts, expected) => {
    expect(urlOf(image, facts)).toBe(expected);
  });
});
