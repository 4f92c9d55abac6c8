import { describe } from "vitest";
import { describeChangedTags } from "../platform-suite.ts";

describe("a tag whose digest has changed, in the classic image store", () => {
  describeChangedTags(true, {
    isContainerd: false,
    reads: { sameInIndex: 2, other: 2, otherLater: 1, annotated: 2, sameAlone: 1 },
  });
});
