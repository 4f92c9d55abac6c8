import type { Config } from "../config/config.ts";
import { openEngineOf, openRegistryOf, type Surroundings } from "../connections.ts";
import { familiarText, parseImageReference } from "../core/image-reference.ts";
import { suggestPatterns, type TagSuggestions } from "../core/suggest-patterns.ts";
import { messageOf } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import { readNotes } from "./notes.ts";
import { surroundingsOf } from "./surroundings.ts";
import { tableText } from "./table.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway check --suggest IMAGE`: proposes patterns for the tags of an image; 1 where its registry does not list any. */
export async function suggest(
  terminal: Terminal,
  invocation: Invocation,
  image: string,
  signal: AbortSignal,
): Promise<ExitCode> {
  const reference = parseImageReference(image);
  if (reference.kind !== "reference") {
    terminal.errors.write(`gangway: "${image}" is not the name of an image\n`);
    return 2;
  }
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  try {
    const surroundings = surroundingsOf(terminal, invocation.logLevel === undefined ? "error" : config.log.level);
    const insecure = await insecureRegistries(config, surroundings, signal);
    const { limits } = await readNotes(config, surroundings);
    await using registry = openRegistryOf(config, surroundings, () => insecure, limits);
    const { registry: host, repository } = reference;
    const found = suggestPatterns(await registry.tagsOf(reference, signal));
    const name = familiarText({ kind: "reference", registry: host, repository });
    if (found.totalTags === 0) {
      terminal.errors.write(`gangway: ${host} has no tags of ${name}; check its name\n`);
      return 1;
    }
    terminal.output.write(invocation.json ? `${JSON.stringify(jsonFrom(found), null, 2)}\n` : textFrom(name, found));
    return 0;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

const patienceMs = 3_000;

/** What the engines say of registries without TLS; an engine is not needed otherwise, and may be away. */
async function insecureRegistries(
  { engines }: Config,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const identities = engines.map(async (engine) => {
    try {
      return await openEngineOf(engine, surroundings).identify(deadline(patienceMs, signal));
    } catch {
      return undefined;
    }
  });
  return (await Promise.all(identities)).flatMap((identity) => identity?.insecureRegistries ?? []);
}

/** The members that dum's `/api/detect-patterns` has. */
function jsonFrom({ patterns, baseTags, totalTags }: TagSuggestions): object {
  return {
    patterns: patterns.map(({ regex, label, matchCount, exampleTags }) => ({
      regex,
      label,
      match_count: matchCount,
      example_tags: exampleTags,
    })),
    base_tags: baseTags,
    total_tags: totalTags,
  };
}

const mostShown = 10;
const headings = ["PATTERN", "KIND", "TAGS", "NEWEST"];

function textFrom(name: string, { patterns, baseTags, totalTags }: TagSuggestions): string {
  const rows = patterns
    .slice(0, mostShown)
    .map(({ regex, label, matchCount, exampleTags }) => [regex, label, String(matchCount), exampleTags.join(" ")]);
  const lines = [
    ...(baseTags.length === 0 ? [] : [`Base tags: ${baseTags.slice(0, mostShown).join(" ")}${more(baseTags)}`]),
    patterns.length === 0
      ? `Among the ${totalTags} tags of ${name} there are no two versions of the same kind.`
      : `${totalTags} tags of ${name}${more(patterns)}. Set a pattern as images[].tags.regex, or as the label ` +
        "gangway.tags.regex (in a compose file with $$ for $).",
  ];
  return `${rows.length === 0 ? "" : `${tableText(headings, rows)}\n`}${lines.join("\n")}\n`;
}

/** Only `--json` shows all. */
function more(all: readonly unknown[]): string {
  return all.length <= mostShown ? "" : ` (and ${all.length - mostShown} more: --json)`;
}
