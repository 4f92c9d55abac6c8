import { randomInt } from "node:crypto";
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type NetworkBackup, type NetworkFile, networkFileFrom } from "../core/network-file.ts";
import { GangwayError } from "../lib/errors.ts";
import { parseExact, stringifyExact } from "../lib/exact-json.ts";
import { codeOf, ensureDirectory, flushDirectory } from "./directory.ts";
import { giveName } from "./give-name.ts";

/** The files with networks' definitions in the backup directory. Every call rejects with `file_failed`, or as it says. */
export interface NetworkFiles {
  /** The newest first. */
  readonly list: () => Promise<readonly NetworkFile[]>;
  /** Rejects with `backup_not_found`, or with `backup_damaged` where it holds something else. */
  readonly read: (file: string) => Promise<NetworkBackup>;
  /**
   * Resolves when the file is there whole and would survive a power cut; undefined where there was one of this name,
   * which stays as it is.
   */
  readonly write: (file: string, backup: NetworkBackup) => Promise<NetworkFile | undefined>;
  /** Throws `backup_damaged` where `text` is not what a file of this name holds. */
  readonly parse: (file: string, text: string) => NetworkBackup;
  /** Rejects with `backup_not_found`. */
  readonly remove: (file: string) => Promise<void>;
}

const texts = z.record(z.string(), z.string());
const Backup: z.ZodType<NetworkBackup> = z.object({
  format: z.literal("gangway-network"),
  schema: z.literal(1),
  createdAt: z.iso.datetime(),
  node: z.string(),
  network: z.object({
    ...{ name: z.string().min(1), driver: z.string(), scope: z.string() },
    ...{ internal: z.boolean(), attachable: z.boolean(), ipv6: z.boolean() },
    ...{ ipam: z.record(z.string(), z.unknown()), options: texts, labels: texts },
  }),
});

/** Definitions are some hundred bytes. */
const longest = 1 << 20;

export function openNetworkFiles(directory: string): NetworkFiles {
  const pathOf = (file: string): string => {
    if (networkFileFrom(file) === undefined) throw notFound(file);
    return join(directory, file);
  };
  const looked = async (file: string): Promise<NetworkFile | undefined> => {
    const name = networkFileFrom(file);
    const found = name === undefined ? undefined : await stat(join(directory, file)).catch(() => undefined);
    return name === undefined || found?.isFile() !== true ? undefined : { ...name, file, bytes: found.size };
  };
  return {
    list: () =>
      guarded(`read ${directory}`, async () => {
        const files: NetworkFile[] = [];
        for (const file of await namesIn(directory)) {
          const found = await looked(file);
          if (found !== undefined) files.push(found);
        }
        return files.sort((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? 1 : -1));
      }),
    read: (file) =>
      guarded(`read ${file}`, async () => {
        const path = pathOf(file);
        if (((await looked(file))?.bytes ?? 0) > longest) throw damaged("it is too large");
        const text = await readFile(path, "utf8").catch((error: unknown) => {
          throw codeOf(error) === "ENOENT" ? notFound(file) : error;
        });
        return backupIn(text, networkFileFrom(file)?.network ?? "");
      }),
    parse: (file, text) => {
      if (text.length > longest) throw damaged("it is too large");
      return backupIn(text, networkFileFrom(file)?.network ?? "");
    },
    write: (file, backup) =>
      guarded(`write ${file}`, async () => {
        await ensureDirectory(directory);
        if (!(await writeWhole(pathOf(file), `${stringifyExact(backup, 2)}\n`))) return undefined;
        return (await looked(file)) ?? { file, network: backup.network.name, createdAt: backup.createdAt, bytes: 0 };
      }),
    remove: (file) =>
      guarded(`remove ${file}`, async () => {
        await rm(pathOf(file)).catch((error: unknown) => {
          throw codeOf(error) === "ENOENT" ? notFound(file) : error;
        });
        await flushDirectory(directory);
      }),
  };
}

/** False where there is a file at `path`. What a crash leaves is `<path>.<number>`, which the vault clears. */
async function writeWhole(path: string, text: string): Promise<boolean> {
  const part = `${path}.${randomInt(2 ** 32)}`;
  try {
    {
      await using handle = await open(part, "wx", 0o600);
      await handle.writeFile(text);
      await handle.sync();
    }
    if (!(await giveName(part, path))) return false;
    await flushDirectory(dirname(path));
    return true;
  } finally {
    await rm(part, { force: true });
  }
}

function backupIn(text: string, network: string): NetworkBackup {
  let json: unknown;
  try {
    json = parseExact(text);
  } catch {
    throw damaged("it is not JSON");
  }
  const result = Backup.safeParse(json);
  const [issue] = result.error?.issues ?? [];
  if (result.data === undefined) {
    throw damaged(`it does not hold what it should (${issue?.path.join(".") || "the whole"})`);
  }
  // The name of the file is what people have chosen it by.
  if (result.data.network.name !== network) throw damaged(`it defines the network ${result.data.network.name}`);
  return result.data;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
}

function damaged(reason: string): GangwayError {
  return new GangwayError("backup_damaged", `The network's definition is damaged: ${reason}`);
}

function notFound(file: string): GangwayError {
  return new GangwayError("backup_not_found", `There is no network's definition ${JSON.stringify(file)}`);
}

async function guarded<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof GangwayError) throw cause;
    throw new GangwayError("file_failed", `Could not ${what}`, { cause });
  }
}
