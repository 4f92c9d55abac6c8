import { describe, expect, it } from "vitest";
import { loaded, problemsOf } from "../../test/configuration.ts";

function images(tags: string): string {
  return `images:\n  - image: nginx\n    tags:\n${tags}`;
}

describe("images[].tags", () => {
  it("takes a pattern and a base tag", () => {
    const yaml = images("      regex: ^[0-9]+\\.[0-9]+$\n      base_tag: latest\n");

    expect(loaded({ yaml }).images).toEqual([
      { image: "nginx", tags: { regex: "^[0-9]+\\.[0-9]+$", baseTag: "latest" } },
    ]);
  });

  it.each([
    ["regex: ^(?!rc)", "(lookaheads and lookbehinds are not supported)"],
    ["regex: '[0-9'", "(missing closing ] ([0-9))"],
    [`regex: ${"a".repeat(1025)}`, "expected a regular expression of at most 1024 characters"],
    ["regex: ''", 'found ""'],
  ])("refuses %s, with its line and the reason", (regex, reason) => {
    const [problem = ""] = problemsOf({ yaml: images(`      ${regex}\n`) });

    expect(problem).toMatch(/^config\.yaml:4:\d+: images\[0\]\.tags\.regex: expected a regular expression/);
    expect(problem).toContain(reason);
  });

  it("refuses what is no tag, and a base tag without a pattern", () => {
    expect(problemsOf({ yaml: images("      base_tag: not a tag\n") })).toEqual([
      "config.yaml:4:7: images[0].tags.regex: expected a regular expression for tags such as ^[0-9]+\\.[0-9]+\\.[0-9]+$, found nothing",
      'config.yaml:4:17: images[0].tags.base_tag: expected a tag such as latest, found "not a tag"',
    ]);
  });
});
