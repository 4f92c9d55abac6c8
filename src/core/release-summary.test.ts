import { describe, expect, it } from "vitest";
import { container, digest } from "../../test/outdated.ts";
import type { Container } from "./container.ts";
import type { Entry } from "./ports.ts";
import { releaseSummaryOf } from "./release-summary.ts";
import type { CheckRecord } from "./update-status.ts";

const entry = (check: Partial<CheckRecord>, more: Partial<Container> = {}): Entry => ({
  container: { ...container, ...more },
  check: {
    status: "update_available",
    verdict: "update_available",
    reason: "",
    checkedAt: "",
    imageId: "image",
    reference: "team/app:stable",
    latestDigest: digest("b"),
    ...check,
  },
});
const march = { created: "2026-03-01T23:30:00-02:00" };
const january = { created: "2026-01-15T00:00:00.123456789Z" };

describe("releaseSummaryOf", () => {
  it.each<[string, Entry, string | undefined]>([
    ["when it was built, in UTC", entry({ latest: march }), "The new image was built on 2026-03-02."],
    [
      "when both were built",
      entry({ latest: march, installed: january }),
      "The new image was built on 2026-03-02, the installed one on 2026-01-15.",
    ],
    ["nothing where only the installed one tells", entry({ installed: january }), undefined],
    ["nothing of what is no time", entry({ latest: { created: "yesterday" } }), undefined],
    ["nothing where there is no update", entry({ latest: march, verdict: "up_to_date" }), undefined],
    ["nothing of another image's", entry({ latest: march }, { imageId: "other" }), undefined],
    [
      "nothing where a label forbids to offer any",
      entry({ latest: march }, { labels: { "gangway.update": "off" } }),
      undefined,
    ],
  ])("tells %s", (_, of, expected) => {
    expect(releaseSummaryOf(of)).toBe(expected);
  });
});
