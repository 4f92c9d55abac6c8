import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { RemoteImage } from "../core/image-identity.ts";
import type { RemoteImages } from "../core/ports.ts";
import { type OnDamage, peekJson, readJson, writeJson } from "./atomic-json.ts";
import { ImageDetails } from "./image-details.ts";
import { createLatestWriter } from "./latest-writer.ts";

const Image = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("image"),
    manifest: z.string(),
    isStated: z.boolean(),
    config: z.string().exactOptional(),
    layerCount: z.int().exactOptional(),
    content: z.string().exactOptional(),
    isConfigRead: z.boolean(),
    details: ImageDetails,
  }),
  z.strictObject({ kind: z.literal("no_platform"), platforms: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("artifact") }),
]) satisfies z.ZodType<RemoteImage>;

const Line = z.strictObject({ repository: z.string(), digest: z.string(), platform: z.string(), image: Image });
type Line = z.infer<typeof Line>;
/** By the engine's address in the configuration. */
const File = z.record(z.string(), z.array(Line));

/** More than one engine ever asks about; the oldest go first. */
const most = 2_000;

/** What was learnt of digests at registries, for each engine: `images.json`. Losing it costs requests, nothing else. */
export interface RemoteImagesFile extends AsyncDisposable {
  readonly engine: (address: string) => RemoteImages;
}

/** Opens the file at `path`; changes are written soon, and for certain before this is disposed of. */
export async function openRemoteImages(
  path: string,
  deps: { readonly onDamage: OnDamage; readonly onFailure: (error: unknown) => void },
): Promise<RemoteImagesFile> {
  const engines = new Map(
    Object.entries((await readJson(path, File, deps)) ?? {}).map(([address, lines]) => [address, notesFrom(lines)]),
  );
  const writer = createLatestWriter(
    () => writeJson(path, Object.fromEntries([...engines].map(([address, notes]) => [address, [...notes.values()]]))),
    deps.onFailure,
  );
  return {
    engine: (address) => {
      const notes = engines.get(address) ?? notesFrom([]);
      engines.set(address, notes);
      return remoteImagesIn(notes, () => writer.put(undefined));
    },
    [Symbol.asyncDispose]: writer.settled,
  };
}

/** Keeps what was learnt for as long as this process runs. */
export function rememberRemoteImages(): RemoteImages {
  return remoteImagesIn(notesFrom([]), () => {});
}

/**
 * What the file at `path` holds for each engine, for a process that does not own it: what that learns in addition is kept
 * for as long as it runs.
 */
export async function peekRemoteImages(
  path: string,
  deps: { readonly onDamage: OnDamage },
): Promise<(address: string) => RemoteImages> {
  const engines = (await peekJson(path, File, deps)) ?? {};
  return (address) => remoteImagesIn(notesFrom(engines[address] ?? []), () => {});
}

function remoteImagesIn(notes: Map<string, Line>, onChange: () => void): RemoteImages {
  return {
    get: (digest, platform) => notes.get(keyOf({ digest, platform }))?.image,
    put: (key, image) => {
      const line = { ...key, image: structuredClone(image) as Line["image"] };
      if (isDeepStrictEqual(notes.get(keyOf(key)), line)) return;
      notes.set(keyOf(key), line);
      const [oldest] = notes.keys();
      if (notes.size > most && oldest !== undefined) notes.delete(oldest);
      onChange();
    },
    keep: (isWanted) => {
      const others = [...notes].filter(([, { repository, digest }]) => !isWanted(repository, digest));
      for (const [key] of others) notes.delete(key);
      if (others.length > 0) onChange();
    },
  };
}

function notesFrom(lines: readonly Line[]): Map<string, Line> {
  return new Map(lines.map((line) => [keyOf(line), line]));
}

function keyOf({ digest, platform }: Pick<Line, "digest" | "platform">): string {
  return `${digest} ${platform}`;
}
