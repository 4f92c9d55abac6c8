import { describe } from "vitest";
import { describeChangedTags } from "../platform-suite.ts";

describe.each([
  // API 1.45: only the content tells, which stands in the configuration.
  ["trixie", { sameInIndex: 3, other: 3, otherLater: 0, annotated: 3, sameAlone: 2 }],
  // From API 1.48 on the engine tells the platform's manifest.
  ["sid", { sameInIndex: 1, other: 2, otherLater: 1, annotated: 1, sameAlone: 0 }],
] as const)("a tag whose digest has changed, in containerd's image store of %s", (release, reads) => {
  const engine = { release, config: { features: { "containerd-snapshotter": true } } };
  describeChangedTags(engine, { isContainerd: true, reads });
});
