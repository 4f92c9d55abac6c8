import { z } from "zod";
import type { RegistryLimit } from "../core/registry-limit.ts";
import { type OnDamage, peekJson, readJson, writeJson } from "./atomic-json.ts";
import { createLatestWriter } from "./latest-writer.ts";

const schema = 1;
/** Milliseconds since 1970. */
const time = z.int().min(0);

const Limit = z.strictObject({
  toldAt: time,
  coolDown: z.strictObject({ since: time, until: time, attempt: z.int().min(0) }).exactOptional(),
  quota: z
    .strictObject({ limit: z.int().min(0), remaining: z.int().min(0), windowSeconds: z.int().min(1).exactOptional() })
    .exactOptional(),
}) satisfies z.ZodType<RegistryLimit>;

/** By the registry's name. */
const Limits = z.strictObject({ schema: z.literal(schema), registries: z.record(z.string(), Limit) });

/** A registry that has told nothing for so long is asked like any other again. */
const longestMs = 30 * 24 * 3_600_000;

/** What registries have told of their limits, over restarts: `limits.json`. */
export interface LimitsFile extends AsyncDisposable {
  /** As it was when the file was opened. */
  readonly limits: ReadonlyMap<string, RegistryLimit>;
  /** Written soon, and for certain before the file is disposed of. */
  readonly save: (limits: ReadonlyMap<string, RegistryLimit>) => void;
}

/** Opens the file at `path`. What is older than 30 days, at `now` (milliseconds since 1970), is left out. */
export async function openLimits(
  path: string,
  now: number,
  deps: { readonly onDamage: OnDamage; readonly onFailure: (error: unknown) => void },
): Promise<LimitsFile> {
  const known = await readJson(path, Limits, deps);
  const writer = createLatestWriter<ReadonlyMap<string, RegistryLimit>>(
    (limits) => writeJson(path, { schema, registries: Object.fromEntries(limits) } satisfies z.infer<typeof Limits>),
    deps.onFailure,
  );
  return {
    limits: limitsIn(known, now),
    save: writer.put,
    [Symbol.asyncDispose]: writer.settled,
  };
}

/** What the file at `path` holds, for a process that does not own it; as `openLimits` would give it. */
export async function peekLimits(
  path: string,
  now: number,
  deps: { readonly onDamage: OnDamage },
): Promise<ReadonlyMap<string, RegistryLimit>> {
  return limitsIn(await peekJson(path, Limits, deps), now);
}

function limitsIn(known: z.infer<typeof Limits> | undefined, now: number): ReadonlyMap<string, RegistryLimit> {
  return new Map(Object.entries(known?.registries ?? {}).filter(([, { toldAt }]) => now - toldAt < longestMs));
}
