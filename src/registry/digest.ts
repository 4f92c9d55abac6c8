import { GangwayError } from "../lib/errors.ts";
import { answerTo, type Means, type Subject, type Wish } from "./answer.ts";
import type { Answer } from "./exchange.ts";
import { errorCodeIn, statusFault } from "./faults.ts";
import { accept, bodyDigest, maxManifestBytes, requireCurrentFormat, toldDigest } from "./manifest.ts";
import type { Place } from "./place.ts";

/** Registries that know no HEAD. */
const withoutHead: ReadonlySet<number> = new Set([405, 501]);

/** The digest that the reference's tag has now, by one HEAD; by a GET where the registry does not tell it. */
export async function digestAt(means: Means, subject: Subject, signal: AbortSignal): Promise<string> {
  const { place } = subject;
  const head = await answerTo(means, subject, manifestWish(subject, "HEAD"), signal);
  if (!withoutHead.has(head.status)) {
    requireManifest(means, place, head);
    const told = toldDigest(head);
    if (told !== undefined) return told;
  }
  const whole = await answerTo(means, subject, manifestWish(subject, "GET"), signal);
  requireManifest(means, place, whole);
  return bodyDigest(whole, place.registry);
}

/** Rejects what is no answer with something in it. */
export function requireManifest({ limited }: Means, place: Place, answer: Answer): void {
  const { registry } = place;
  switch (answer.status) {
    case 200:
      requireCurrentFormat(answer, place.reference);
      return;
    case 404:
    case 410: {
      const message = `${registry} has no ${place.reference}${errorCodeIn(answer)}; check the image's name and tag`;
      throw new GangwayError("registry_not_found", message);
    }
    case 429:
      throw limited(place, registry, answer);
    default:
      throw statusFault(answer, registry);
  }
}

function manifestWish({ place, reference }: Subject, method: "HEAD" | "GET"): Wish {
  const path = `/v2/${place.repository}/manifests/${reference.tag ?? reference.digest ?? "latest"}`;
  return { method, path, headers: { accept }, maxBytes: maxManifestBytes };
}
