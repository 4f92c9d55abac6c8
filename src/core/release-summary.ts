import { currentCheck, hasUpdate } from "./entry.ts";
import type { ImageDetails } from "./image-version.ts";
import type { Entry } from "./ports.ts";

/**
 * What is known of the newest version without asking anybody: when it was built. Undefined where there is none, or where
 * that was not told. The images' labels have more (a commit, for one), but often that of the image which they were built
 * from.
 */
export function releaseSummaryOf(entry: Entry): string | undefined {
  const check = hasUpdate(entry) ? currentCheck(entry) : undefined;
  const built = dayOf(check?.latest);
  if (built === undefined) return undefined;
  const before = dayOf(check?.installed);
  return before === undefined
    ? `The new image was built on ${built}.`
    : `The new image was built on ${built}, the installed one on ${before}.`;
}

/** UTC: `2026-03-01` */
function dayOf(details: ImageDetails | undefined): string | undefined {
  const time = Date.parse(details?.created ?? "");
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().slice(0, "2026-03-01".length);
}
