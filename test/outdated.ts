import type { Container } from "../src/core/container.ts";
import type { Entry } from "../src/core/ports.ts";
import type { CheckRecord } from "../src/core/update-status.ts";

/** A digest that is told from others by a letter. */
export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** A container that runs. */
export const container: Container = {
  name: "web",
  id: "id",
  image: "team/app:stable",
  imageId: "image",
  repoDigests: [],
  state: "running",
  health: "none",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
};

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
