import type { BackupPlan } from "../src/core/backup.ts";
import type { ContainerInspect } from "../src/core/inspect.ts";
import { openVault } from "../src/files/backup/vault.ts";

/** The file of the backup that `putBackup` makes. */
export const backupFile = "web_20261121T180102Z.tar.zst";

/** Puts a backup without volumes into a directory, unless it is there. */
export async function putBackup(directory: string): Promise<void> {
  const vault = openVault(directory);
  if ((await vault.list()).length > 0) return;
  const signal = new AbortController().signal;
  await using draft = await vault.begin({ plan: backupPlan({ volumes: [] }), compression: "zstd" }, signal);
  await draft.finish();
}

/** The plan of a backup of a container with one volume. */
export function backupPlan(more: Partial<BackupPlan> = {}): BackupPlan {
  return {
    format: "gangway-backup",
    schema: 1,
    gangway: "1.2.3",
    createdAt: "2026-11-21T18:01:02Z",
    node: "nas",
    container: "web",
    engine: { version: "26.1.5", apiVersion: "1.45", hostName: "nas" },
    consistency: "stop",
    halted: ["web"],
    state: "running",
    image: { reference: "web:1", id: "sha256:01", repoDigests: [] },
    create: {
      body: { Image: "web:1", HostConfig: {}, NetworkingConfig: { EndpointsConfig: {} } },
      connect: [],
      disconnect: [],
    },
    networks: [],
    volumes: [volume("data", 0)],
    binds: [],
    tmpfs: [],
    warnings: [],
    inspect: { Id: "1234", Name: "/web" } as ContainerInspect,
    ...more,
  };
}

export function volume(name: string, index: number): BackupPlan["volumes"][number] {
  const part = `volumes/v${index}.tar`;
  return { name, anonymous: false, driver: "local", options: {}, labels: {}, destinations: [`/${name}`], part };
}
