import { z } from "zod";
import type { AccessSettings, SavedAccess } from "../core/doors.ts";
import type { AutoUpdateSwitches } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
import { type OnDamage, peekJson, readJson, writeJson } from "./atomic-json.ts";

const schema = 1;

/** Members that are not known here belong to somebody, and are written back as they were. */
const Settings = z.looseObject({
  schema: z.literal(schema),
  /** By node and container name. */
  auto_update: z.record(z.string(), z.record(z.string(), z.boolean())).exactOptional(),
  /** Under the names that Docker Monitor Image has for them. */
  api_enabled: z.boolean().exactOptional(),
  auth_enabled: z.boolean().exactOptional(),
  api_key: z.string().exactOptional(),
  allowed_cidrs: z.array(z.string()).exactOptional(),
});
type Settings = z.infer<typeof Settings>;

const Newer = z.looseObject({ schema: z.int().min(schema + 1) });

/** The file of Docker Monitor Image, whose names for them are ours. */
const Foreign = z.strictObject({
  api_enabled: z.boolean().exactOptional(),
  auth_enabled: z.boolean(),
  api_key: z.string(),
  allowed_cidrs: z.array(z.string()),
});

const AnyFile = z.union([Settings, Newer, Foreign]);

/** What users set while Gangway runs: `settings.json`. */
export interface SettingsFile {
  /** The container's switch; undefined where nobody has touched it. */
  readonly autoUpdate: (node: string, container: string) => boolean | undefined;
  readonly autoUpdateSwitches: (node: string) => AutoUpdateSwitches;
  /** Who may use the HTTP API, as far as it was changed. */
  readonly access: SavedAccess;
}

export interface SettingsDependencies {
  readonly onDamage: OnDamage;
  /** The file at `path` was that of Docker Monitor Image, and is ours from now on. */
  readonly onTakeOver: (path: string) => void;
}

/**
 * Opens `settings.json` at `path`. A damaged one is set aside and reported; that of Docker Monitor Image is taken over,
 * and stays readable for it; one that a newer Gangway has written is left alone, and rejects with `file_failed`.
 */
export async function openSettings(path: string, deps: SettingsDependencies): Promise<SettingsFile> {
  const read = await readJson<z.infer<typeof AnyFile>>(path, AnyFile, deps);
  const isForeign = read !== undefined && !("schema" in read);
  const found = isForeign ? { schema, ...read } : read;
  if (isForeign) {
    await writeJson(path, found);
    deps.onTakeOver(path);
  }
  if (found !== undefined && found.schema !== schema) {
    const message =
      `${path} was written by a newer Gangway (its schema is ${found.schema}, this one knows ${schema}); ` +
      "run that one again, or move the file away";
    throw new GangwayError("file_failed", message);
  }
  let settings = (found as Settings | undefined) ?? { schema };
  let last: Promise<void> = Promise.resolve();

  // One after the other: each starts from what the one before has really written.
  const change = (amend: (before: Settings) => Settings): Promise<void> => {
    const turn = last.then(async () => {
      const after = amend(settings);
      await writeJson(path, after);
      settings = after;
    });
    last = turn.catch(() => {});
    return turn;
  };
  const switchesOf = (from: Settings, node: string): Readonly<Record<string, boolean>> =>
    from.auto_update?.[node] ?? {};

  return {
    autoUpdate: (node, container) => switchesOf(settings, node)[container],
    autoUpdateSwitches: (node) => ({
      set: (containers, isOn) =>
        change((before) => ({
          ...before,
          auto_update: {
            ...before.auto_update,
            [node]: { ...switchesOf(before, node), ...Object.fromEntries(containers.map((name) => [name, isOn])) },
          },
        })),
    }),
    access: {
      get: () => accessIn(settings),
      set: (changed) => change((before) => ({ ...before, ...savedFrom(changed) })),
    },
  };
}

/** What the file at `path` says of the HTTP API, for a process that does not own it. */
export async function peekAccess(path: string): Promise<Partial<AccessSettings>> {
  const found = await peekJson(path, z.union([Settings, Foreign]), { onDamage: () => {} });
  return found === undefined ? {} : accessIn(found as Settings);
}

function accessIn(settings: Settings): Partial<AccessSettings> {
  const { api_enabled: enabled, auth_enabled: auth, api_key: apiKey, allowed_cidrs: allowedIps } = settings;
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(auth === undefined ? {} : { auth }),
    ...(apiKey === undefined || apiKey === "" ? {} : { apiKey }),
    ...(allowedIps === undefined ? {} : { allowedIps }),
  };
}

function savedFrom({ enabled, auth, apiKey, allowedIps }: Partial<AccessSettings>): Omit<Settings, "schema"> {
  return {
    ...(enabled === undefined ? {} : { api_enabled: enabled }),
    ...(auth === undefined ? {} : { auth_enabled: auth }),
    ...(apiKey === undefined ? {} : { api_key: apiKey }),
    ...(allowedIps === undefined ? {} : { allowed_cidrs: [...allowedIps] }),
  };
}
