import { type ImageReference, repositoryOf } from "../core/image-reference.ts";
import { mostCandidates } from "../core/tag-choice.ts";
import type { VersionTag } from "../core/version-tag.ts";
import type { TagAnswer } from "./answers.ts";

/** What was found out about which version a digest is. */
export type Named =
  | { readonly kind: "found"; readonly version: VersionTag }
  /** None of the candidates has this digest: a release may just be under way. */
  | { readonly kind: "none" }
  | { readonly kind: "error"; readonly reason: string };

export type DigestOf = (reference: ImageReference) => Promise<TagAnswer>;

/** Which version tags stand for the digests of moving tags: asked once for each, and remembered. */
export interface VersionNames {
  /** Asks for the candidates' digests one after the other, a few at most, until one is `digest`. */
  readonly find: (
    digestOf: DigestOf,
    subject: { readonly reference: ImageReference; readonly digest: string },
    candidates: readonly VersionTag[],
  ) => Promise<Named>;
}

/** The oldest go first; they cost some questions when they are wanted again. */
const most = 1_000;

/** Remembers for as long as the program runs. */
export function createVersionNames(): VersionNames {
  /** By repository and digest: the tags that are known to stand for another one. */
  const others = new Map<string, Set<string>>();
  const names = new Map<string, string>();
  return {
    find: async (digestOf, { reference, digest }, candidates) => {
      const key = `${repositoryOf(reference)} ${digest}`;
      const known = candidates.find(({ text }) => text === names.get(key));
      if (known !== undefined) return { kind: "found", version: known };
      const tried = others.get(key) ?? new Set();
      remember(others, key, tried);
      for (const version of candidates.slice(0, mostCandidates)) {
        if (tried.has(version.text)) continue;
        const answer = await digestOf({ ...reference, tag: version.text });
        if (answer.kind === "digest" && answer.digest === digest) {
          remember(names, key, version.text);
          return { kind: "found", version };
        }
        // A tag that is gone is another one's, but of one that could not be asked about nothing is known: going on to
        // an older one could take that for the newest.
        if (answer.kind === "error" && !answer.isAbsent) return { kind: "error", reason: answer.reason };
        tried.add(version.text);
      }
      return { kind: "none" };
    },
  };
}

function remember<Value>(notes: Map<string, Value>, key: string, value: Value): void {
  notes.delete(key);
  notes.set(key, value);
  for (const oldest of [...notes.keys()].slice(0, Math.max(0, notes.size - most))) notes.delete(oldest);
}
