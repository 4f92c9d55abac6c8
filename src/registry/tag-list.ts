import { isTag } from "../core/image-reference.ts";
import { GangwayError } from "../lib/errors.ts";
import { answerTo, type Means, type Subject } from "./answer.ts";
import type { Answer } from "./exchange.ts";
import { errorCodeIn, statusFault } from "./faults.ts";
import { jsonFrom } from "./json.ts";
import type { Place } from "./place.ts";
import { TagPage } from "./schema.ts";

/** What every registry takes: some refuse more. */
const pageSize = 1_000;
/** Registries with pages of their own size give 50 to 100 tags each. */
const maxPages = 500;
const maxTags = 50_000;
/** A page of a thousand tags of the greatest length has 130 KiB. */
const maxPageBytes = 1024 * 1024;
const longestCursor = 4_096;

/**
 * All tags of the reference's repository, in the registry's order, which means nothing: it can be of names or of time.
 * A list that has no end is an error rather than cut off, for what is newest can stand anywhere in it.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function tagsAt(means: Means, subject: Subject, signal: AbortSignal): Promise<readonly string[]> {
  const { place } = subject;
  const path = `/v2/${place.repository}/tags/list`;
  const tags = new Set<string>();
  const cursors = new Set<string>();
  let cursor = new URLSearchParams({ n: String(pageSize) });
  for (let page = 0; page < maxPages && tags.size <= maxTags; page += 1) {
    const wish = { method: "GET", path: `${path}?${cursor}`, headers, maxBytes: maxPageBytes } as const;
    const answer = await answerTo(means, subject, wish, signal);
    requirePage(means, place, answer);
    for (const tag of tagsIn(answer, place)) tags.add(tag);
    const next = nextCursor(answer);
    if (next === undefined) return [...tags];
    if (next.toString().length > longestCursor || cursors.has(next.toString())) {
      throw invalid(`${place.registry} leads round in circles in its list of the tags of ${place.repository}`);
    }
    cursors.add(next.toString());
    cursor = next;
  }
  throw invalid(
    `${place.registry} does not come to an end with the tags of ${place.repository}: more than ${maxTags}, or ${maxPages} pages`,
  );
}

const headers = { accept: "application/json" };

function requirePage({ limited }: Means, place: Place, answer: Answer): void {
  const { registry, repository } = place;
  switch (answer.status) {
    case 200:
      return;
    case 404:
    case 410: {
      const message = `${registry} has no list of tags of ${repository}${errorCodeIn(answer)}; check the image's name`;
      throw new GangwayError("registry_not_found", message);
    }
    case 429:
      throw limited(place, registry, answer);
    default:
      throw statusFault(answer, registry);
  }
}

function tagsIn(answer: Answer, { registry }: Place): readonly string[] {
  if (!answer.isWhole) throw invalid(`${registry} sent more than ${maxPageBytes / 1024 / 1024} MiB of tags at once`);
  const page = TagPage.safeParse(jsonFrom(answer.body));
  if (!page.success)
    throw invalid(`${registry} did not answer with a list of tags; is there a registry at this address?`);
  // Quay and others list what is not in the grammar, such as tags of 200 characters: nobody can run those.
  return (page.data.tags ?? []).filter(isTag);
}

/**
 * Where the list goes on: the query of the `Link` header (RFC 8288) and nothing else of it. Its host and path are often
 * those of a server behind a proxy, or lack the proxy's prefix, and must not lead our credentials elsewhere anyway.
 */
function nextCursor(answer: Pick<Answer, "header">): URLSearchParams | undefined {
  for (const [, target = "", parameters = ""] of answer.header("link").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*"?(?:[^"]*\s)?next\b/i.test(parameters)) continue;
    if (!URL.canParse(target, "http://registry")) continue;
    const { searchParams } = new URL(target, "http://registry");
    if (!searchParams.has("n")) searchParams.set("n", String(pageSize));
    return searchParams;
  }
  return undefined;
}

function invalid(message: string): GangwayError {
  return new GangwayError("registry_answer_invalid", message);
}
