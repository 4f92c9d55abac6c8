import { type Consistency, consistencies } from "./backup.ts";

/** What a container's labels say of its backups. */
export interface BackupLabels {
  /** `gangway.backup.consistency` */
  readonly consistency?: Consistency;
  /** `gangway.backup.binds`: the paths in the container whose binds are backed up; `all` for all of them. */
  readonly binds: "all" | readonly string[];
  /** `gangway.backup.exclude`: paths in the container, or names of volumes, that are left out. */
  readonly exclude: readonly string[];
}

/** Reads the labels about backups; a value that makes no sense counts as absent. */
export function backupLabelsFrom(labels: Readonly<Record<string, string>>): BackupLabels {
  const word = labels["gangway.backup.consistency"]?.trim().toLowerCase();
  const consistency = consistencies.find((known) => known === word);
  const binds = listFrom(labels["gangway.backup.binds"]);
  const isAll = binds.some((path) => /^(?:all|true)$/i.test(path));
  return {
    ...(consistency === undefined ? {} : { consistency }),
    binds: isAll ? "all" : binds,
    exclude: listFrom(labels["gangway.backup.exclude"]),
  };
}

function listFrom(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim().replace(/(?<=.)\/+$/, ""))
    .filter((entry) => entry !== "");
}
