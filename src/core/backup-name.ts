import type { Compression } from "./backup.ts";

const endings: Readonly<Record<Compression, string>> = { zstd: "tar.zst", gzip: "tar.gz", none: "tar" };
/** As the engine has it: nothing in such a name leads anywhere else. */
const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const fileName =
  /^(?<container>[a-zA-Z0-9][a-zA-Z0-9_.-]*)_(?<day>\d{8})T(?<time>\d{6})Z\.(?<ending>tar\.zst|tar\.gz|tar)$/;

/** How the names of backups end that are not whole yet. */
export const partialEnding = ".partial";

/** What a backup's file name says. */
export interface BackupName {
  readonly container: string;
  /** ISO 8601 in UTC, whole seconds. */
  readonly createdAt: string;
  readonly compression: Compression;
}

/**
 * The name of a backup's file, `<container>_<UTC time>.tar.zst`; undefined where `container` is no container's name.
 * `at` is in milliseconds since 1970.
 */
export function backupFileName(container: string, at: number, compression: Compression): string | undefined {
  if (!containerName.test(container)) return undefined;
  const time = `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  return `${container}_${time}.${endings[compression]}`;
}

/** Undefined where it is not the name of a whole backup's file. */
export function backupNameFrom(file: string): BackupName | undefined {
  const { container, day = "", time = "", ending } = fileName.exec(file)?.groups ?? {};
  const compression = (Object.keys(endings) as Compression[]).find((kind) => endings[kind] === ending);
  if (container === undefined || compression === undefined) return undefined;
  const createdAt = `${day.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
  return Number.isNaN(Date.parse(createdAt)) ? undefined : { container, createdAt, compression };
}

/** The name of the container through which the engine reads or fills volumes. */
export function backupHelperNameFor(container: string, operation: string): string {
  return `${container}.gw-backup-${operation}`;
}
