import { matchesGlob } from "node:path";
import { isRunning } from "./container.ts";
import { currentCheck, latestVersion } from "./entry.ts";
import { canonicalText, familiarText, parseImageReference } from "./image-reference.ts";
import { labelsFrom } from "./labels.ts";
import type { Entry } from "./ports.ts";
import { isSameVersion } from "./versions.ts";

/** What the configuration says of automatic updates. */
export interface AutoUpdateSettings {
  /** For every container that nothing else speaks of. */
  readonly enabled: boolean;
  /** By image; the first that matches and says something counts. */
  readonly images: readonly { readonly image: string; readonly autoUpdate?: boolean }[];
}

/** Is a container updated automatically? */
export interface AutoUpdatePolicy {
  readonly isOn: boolean;
  /** The label that decides, so that nothing else can: `gangway.update=auto`. */
  readonly label?: string;
}

/** The policy of a container: its label, else its switch, else `images`, else the default. */
export function autoUpdatePolicy(
  { container, autoUpdate }: Pick<Entry, "container" | "autoUpdate">,
  settings: AutoUpdateSettings,
): AutoUpdatePolicy {
  const { updates } = labelsFrom(container.labels);
  if (updates !== undefined) return { isOn: updates.word === "auto", label: updates.label };
  const byImage = settings.images.find(
    ({ image, autoUpdate: wanted }) => wanted !== undefined && isImage(container.image, image),
  );
  return { isOn: autoUpdate ?? byImage?.autoUpdate ?? settings.enabled };
}

/**
 * Does `pattern` mean the image that a container was created from (its `Config.Image`)? A name or a glob, with or
 * without tag, in the familiar or in the full form: `nginx`, `nginx:1.*`, `docker.io/library/*`, `ghcr.io/**`.
 */
export function isImage(image: string, pattern: string): boolean {
  const reference = parseImageReference(image);
  const names =
    reference.kind === "reference"
      ? [reference, { kind: reference.kind, registry: reference.registry, repository: reference.repository }].flatMap(
          (form) => [canonicalText(form), familiarText(form)],
        )
      : [];
  return [image, ...names].some((name) => name === pattern || matchesGlob(name, pattern));
}

/** What to do about one container in a round of automatic updates. */
export type AutoUpdateDecision =
  | { readonly kind: "due"; readonly digest: string }
  /** It is to be updated automatically, and there is an update, but not now. */
  | { readonly kind: "held_back"; readonly reason: string }
  /** There is no update, or a person is to install it. */
  | { readonly kind: "none" };

/** What a decision needs besides the container. */
export interface AutoUpdateFacts {
  readonly policy: AutoUpdatePolicy;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long a digest must have been known before it is installed. */
  readonly cooldownMs: number;
  /** The version texts that earlier updates of this container have left behind. */
  readonly leftBehind: readonly string[];
}

/** One try, and one more: what fails twice waits for the next version. */
const mostAttempts = 2;

/** Decides whether a container is to be updated now, without anyone asking for it. */
export function autoUpdateDecision(entry: Entry, facts: AutoUpdateFacts): AutoUpdateDecision {
  const check = currentCheck(entry);
  const digest = check?.latestDigest;
  if (!facts.policy.isOn || check?.verdict !== "update_available" || digest === undefined) return { kind: "none" };
  const heldBack = (reason: string): AutoUpdateDecision => ({ kind: "held_back", reason });
  if (check.status !== "update_available") return heldBack(`the last check was not certain: ${check.reason}`);
  // A rollback must not be undone before it is known as one.
  if (entry.progress !== undefined) return heldBack(`its ${entry.progress.command} is queued or runs`);
  // Whether a new version works is seen by running it.
  if (!isRunning(entry.container)) return heldBack("the container does not run");
  const attempts = check.attempts?.digest === digest ? check.attempts : undefined;
  if (attempts?.rolledBack === true) return heldBack("this version was rolled back; the next one is awaited");
  if ((attempts?.count ?? 0) >= mostAttempts) {
    return heldBack(`this version could not be installed ${mostAttempts} times; the next one is awaited`);
  }
  const version = latestVersion(entry);
  if (version !== undefined && facts.leftBehind.some((left) => isSameVersion(left, version))) {
    return heldBack("the container ran this version before it was updated; going back is for a person to decide");
  }
  const readyAt = Date.parse(check.latestSince ?? check.checkedAt) + facts.cooldownMs;
  if (facts.now < readyAt) return heldBack(`its cooldown ends at ${new Date(readyAt).toISOString()}`);
  return { kind: "due", digest };
}
