import type { Entry } from "../src/core/ports.ts";
import type { CheckRecord } from "../src/core/update-status.ts";
import { runningContainer } from "./running-container.ts";

/** A digest that is told from others by a letter. */
export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** A container that runs. */
export const container = runningContainer("web", { image: "team/app:stable", imageId: "image" });

/** What a check has found for it: an update. */
export const available: CheckRecord = {
  status: "update_available",
  verdict: "update_available",
  reason: "",
  checkedAt: "",
  imageId: "image",
  reference: "team/app:stable",
  installedDigest: digest("a"),
  latestDigest: digest("b"),
};

/** The container with this check. */
export const entry = (check: Partial<CheckRecord> = {}, labels = {}): Entry => ({
  container: { ...container, labels },
  check: { ...available, ...check },
});
