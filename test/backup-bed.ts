import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import type { BackupPlan } from "../src/core/backup.ts";
import type { BackupEntry } from "../src/core/backup-journal.ts";
import type { OperationResult, Outcome, Progress } from "../src/core/operation.ts";
import type { RestoreEntry } from "../src/core/restore-journal.ts";
import { openEngine } from "../src/docker/engine.ts";
import { openVault } from "../src/files/backup/vault.ts";
import { openJournal } from "../src/files/journal-store.ts";
import { createLocks } from "../src/lib/locks.ts";
import { createLog, createSecrets } from "../src/lib/log.ts";
import { systemClock } from "../src/lib/time.ts";
import { type BackupDependencies, type BackupSettings, backUpContainer } from "../src/operations/backup.ts";
import { backupJournalVersion, BackupEntry as Entry } from "../src/operations/backup-entry.ts";
import { recoverBackups } from "../src/operations/recover-backups.ts";
import { recoverRestores } from "../src/operations/recover-restores.ts";
import { type RestoreCommand, type RestoreDependencies, restoreContainer } from "../src/operations/restore.ts";
import { RestoreEntry as Restoring, restoreJournalVersion } from "../src/operations/restore-entry.ts";
import type { Order } from "../src/operations/runner.ts";
import type { Bed } from "./bed/bed.ts";
import { runIn } from "./bed/containers.ts";

export interface Backups {
  readonly deps: BackupDependencies & RestoreDependencies;
  readonly directory: string;
  /** Backs a container up; gives how it ended, or throws. */
  readonly backUp: (container: string, signal?: AbortSignal) => Promise<Outcome>;
  /** Makes a container anew; gives how it ended, or throws. */
  readonly restore: (command: Omit<RestoreCommand, "kind">, signal?: AbortSignal) => Promise<Outcome>;
  /** Takes up what an interrupted backup has left; gives what was told of it. */
  readonly recover: () => Promise<readonly OperationResult[]>;
  readonly progress: () => readonly Pick<Progress, "phase" | "percent">[];
  /** The names of all files in the backup directory. */
  readonly files: () => Promise<readonly string[]>;
  readonly journal: () => Promise<readonly (BackupEntry | RestoreEntry)[]>;
}

export interface BackupsOptions extends Partial<BackupSettings> {
  /** Another way to the engine, as in `DOCKER_HOST`. */
  readonly host?: string;
  /** Where the backups go; a new directory, if absent. */
  readonly directory?: string;
  readonly ownContainerId?: string;
}

let operations = 0;

/** What backs up the containers of a bed, with a journal of its own. */
export async function openBackups(bed: Bed, options: BackupsOptions = {}): Promise<Backups> {
  const { host = bed.engine.host, ownContainerId, ...settings } = options;
  const home = await mkdtemp(join(bed.directory, "backups-"));
  const directory = options.directory ?? join(home, "files");
  const engine = openEngine({ host });
  const identity = await engine.identify(new AbortController().signal);
  const backupJournal = await openJournal(
    { onDamage: () => {} },
    { directory: join(home, "journal"), schema: Entry, version: backupJournalVersion },
  );
  const restoreJournal = await openJournal(
    { onDamage: () => {} },
    { directory: join(home, "restores"), schema: Restoring, version: restoreJournalVersion },
  );
  const told: Pick<Progress, "phase" | "percent">[] = [];
  const deps: BackupDependencies & RestoreDependencies = {
    journal: { all: () => Promise.resolve([]) },
    registry: { credentialsFor: () => Promise.resolve(undefined) },
    ...{ engine, backupJournal, restoreJournal, ownContainerId, node: "bed", version: "1.2.3", clock: systemClock },
    vault: openVault(directory),
    backupPlace: { directory, isOnHost: true },
    backups: { consistency: "stop", compression: "zstd", retention: { keep: 5 }, ...settings },
    inventory: { node: () => ({ engine: identity }) },
    wayToEngine: () => Promise.resolve(() => false),
    atWork: new Set(),
    log: createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() }),
  };
  const newOrder = (): Order => {
    const operation = (++operations).toString(16).padStart(8, "0");
    const report = (progress: Pick<Progress, "phase" | "percent">): void => void told.push(progress);
    return { operation, id: operation, startedAt: new Date().toISOString(), report };
  };
  return {
    deps,
    directory,
    backUp: (container, signal = new AbortController().signal) =>
      backUpContainer(deps, { kind: "backup", container }, newOrder(), signal),
    restore: (command, signal = new AbortController().signal) =>
      restoreContainer(deps, { kind: "restore", ...command }, newOrder(), signal),
    recover: async () => {
      const results: OperationResult[] = [];
      const onResult = (result: OperationResult): void => void results.push(result);
      const nobody = { nodes: ["bed"], foreign: new Set<string>() };
      const recovering = { ...deps, ...nobody, inventory: { setResult: () => {} }, locks: createLocks(), onResult };
      await recoverBackups(recovering, new AbortController().signal);
      await recoverRestores(recovering, new AbortController().signal);
      return results;
    },
    progress: () => told,
    files: () => readdir(directory).catch(() => []),
    journal: async () => [...(await backupJournal.all()), ...(await restoreJournal.all())],
  };
}

/** What is in a backup, put together as a person would: with nothing of Gangway. */
export async function contentOf(path: string): Promise<{
  readonly plan: BackupPlan;
  readonly parts: ReadonlyMap<string, Buffer>;
}> {
  const packed = await readFile(path);
  const plain = path.endsWith(".zst") ? zstdDecompressSync(packed) : path.endsWith(".gz") ? gunzipSync(packed) : packed;
  const parts = new Map<string, Buffer>();
  const extraction = extract();
  extraction.end(plain);
  for await (const entry of extraction) {
    const part = entry.header.name.replace(/\.\d{6}$/, "");
    parts.set(part, Buffer.concat([parts.get(part) ?? Buffer.alloc(0), await buffer(entry)]));
  }
  return { plan: JSON.parse(String(parts.get("plan.json"))) as BackupPlan, parts };
}

/** Files of all kinds that a volume can hold, made by a shell in `/data`. */
export const hostileFiles = `
cd /data
chown 999:998 . && chmod 2750 .
echo plain > plain; echo > "with space"; echo > "new
line"; echo > 'q"uote'; echo > -dash; echo > .hidden
echo > "ünï-köde-日本語-🐳"
long=$(busybox printf '%0200d' 7); mkdir -p deep/$long/$long; echo deep > deep/$long/$long/$long
mkdir empty; chmod 0700 empty; mkdir sticky; chmod 1777 sticky
echo secret > owned; chown 70000:2097153 owned; chmod 0600 owned
echo > setuid; chmod 4755 setuid; echo > setgid; chmod 2755 setgid; echo > none; chmod 0000 none
echo one > hard; busybox ln hard hard2; busybox ln hard "deep/hard3"
busybox ln -s plain soft; busybox ln -s /etc/passwd absolute; busybox ln -s ../../../outside up; busybox ln -s nowhere dangling
busybox mkfifo fifo; busybox mknod device c 1 3; busybox mknod block b 7 200
busybox dd if=/dev/urandom of=big bs=1048576 count=9 2>/dev/null
: > nothing
busybox find . -exec busybox touch -h -d '2020-02-02 02:02:02' {} +
`;

/** Everything that a directory in a running container holds, in a form that can be compared. */
export async function listingOf(docker: Docker, container: string, directory: string): Promise<string> {
  const each = `busybox stat -c "%n %a %u:%g %F %h %Y %t:%T" "$0"
[ -h "$0" ] && busybox readlink "$0"
[ -f "$0" ] && [ ! -h "$0" ] && busybox sha256sum < "$0"
true`;
  const script = `cd ${directory} && busybox find . -print0 | busybox sort -z | busybox xargs -0 -n 1 sh -c '${each}' 2>&1`;
  return await runIn(docker, container, "sh", "-c", script);
}
