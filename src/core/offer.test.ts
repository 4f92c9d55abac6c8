import { describe, expect, it } from "vitest";
import { available, container, digest, entry } from "../../test/outdated.ts";
import { isNews, offerOf, withOffer } from "./offer.ts";
import type { Entry } from "./ports.ts";
import type { CheckRecord } from "./update-status.ts";

describe("withOffer", () => {
  const offer = { digest: digest("b"), imageId: "image" };

  it("notes what is offered, and keeps the note when that is over", () => {
    const noted = withOffer(entry());
    const installed = { ...available, verdict: "up_to_date", latestDigest: digest("b") } as const;

    expect(noted.offered).toEqual(offer);
    expect(withOffer({ ...noted, check: installed }).offered).toEqual(offer);
    expect(withOffer({ container })).toEqual({ container });
  });

  it("notes the next version, but not the same one under another digest", () => {
    const noted = withOffer(entry({ latestImage: digest("e") }));
    const alias = withOffer({ ...noted, check: { ...available, latestDigest: digest("c"), latestImage: digest("e") } });
    const next = withOffer({ ...noted, check: { ...available, latestDigest: digest("c"), latestImage: digest("f") } });

    expect(alias.offered).toEqual({ ...offer, image: digest("e") });
    expect(next.offered).toEqual({
      digest: digest("c"),
      image: digest("f"),
      imageId: "image",
      earlier: [{ digest: digest("b"), image: digest("e") }],
    });
  });

  it("offers nothing where a label forbids it", () => {
    expect(withOffer(entry({}, { "gangway.update": "off" }))).not.toHaveProperty("offered");
  });

  it("does not grow for ever", () => {
    let noted = entry();
    for (let version = 0; version < 50; version += 1) {
      noted = withOffer({
        ...noted,
        check: { ...available, latestDigest: digest(String.fromCharCode(0x100 + version)) },
      });
    }

    expect(noted.offered?.earlier).toHaveLength(9);
  });
});

/** Which of the versions that the tag goes through are news; `=x`: the container runs that image from then on. */
function told(story: string): string {
  let known: Entry = { container };
  let news = "";
  for (const step of story.split(" ")) {
    if (step.startsWith("=")) {
      known = { ...known, container: { ...container, imageId: step.slice(1) } };
      continue;
    }
    const { imageId } = known.container;
    const isInstalled = step === imageId;
    const check: CheckRecord = {
      ...available,
      imageId,
      verdict: isInstalled ? "up_to_date" : "update_available",
      latestDigest: digest(step),
    };
    const next = { ...known, check };
    const offer = offerOf(next);
    news += offer !== undefined && isNews(offer, known.offered, imageId) ? step : "-";
    known = withOffer(next);
  }
  return news;
}

describe("a version is news", () => {
  it.each([
    ["once", "b b b", "b--"],
    ["each for itself", "b c d", "bcd"],
    ["once, though the tag goes back and forth", "b c b c d b", "bc--d-"],
    ["once, though the tag returns to what is installed in between", "=a b a b a c", "b---c"],
    ["once, though it was installed and rolled back", "=a b =b b =a b", "b--"],
    ["once, though others were offered before that", "=a b c =c c =a c b", "bc---"],
    ["again where the container has left it behind by an update", "=a b c =c c b c b", "bc-b--"],
  ])("%s", (_, story, expected) => {
    expect(told(story)).toBe(expected);
  });
});
