import type { BackupPlan } from "./backup.ts";
import { planBackup } from "./backup-plan.ts";
import type { ContainerInspect } from "./inspect.ts";

/** What a backup of Container Monkey holds, as far as its small members say. */
export interface MonkeyBackup {
  /** `container_config.json`: as the engine described the container. */
  readonly inspect: ContainerInspect;
  /** From `backup_metadata.json`, else from the file's name; ISO 8601. */
  readonly createdAt: string;
  /** The names of the members `volumes/…_data.tar.gz`. */
  readonly archives: ReadonlySet<string>;
  /** `image.tar` is an image, not a note that there is none. */
  readonly hasImage: boolean;
}

/** A backup of Container Monkey as one of Gangway's. */
export interface MonkeyImport {
  readonly plan: BackupPlan;
  /** The member with the data of each part. */
  readonly members: ReadonlyMap<string, string>;
}

/** It asks for nothing that engines before it do not know. */
const apiVersion = "1.41";

/**
 * Plans the import. Volumes whose data is not there are restored empty. Of two directories of the host with the same last
 * name Container Monkey keeps one only, and does not say which: neither is taken.
 */
export function planMonkeyImport(
  { inspect, createdAt, archives, hasImage }: MonkeyBackup,
  { node, gangway }: { readonly node: string; readonly gangway: string },
): MonkeyImport {
  const plan = planBackup({
    ...{ inspect, image: undefined, volumes: [], networks: [] },
    labels: { binds: "all", exclude: [] },
    consistency: "live",
    identity: { version: "", apiVersion, hostName: "" },
    ...{ names: new Map(), node, gangway, createdAt },
  });
  const members = new Map<string, string>();
  const withData = <Thing extends { readonly part?: string | undefined }>(thing: Thing, member: string): Thing => {
    const { part, ...rest } = thing;
    if (part === undefined || !archives.has(member)) return rest as Thing;
    members.set(part, member);
    return thing;
  };
  const volumes = plan.volumes.map((volume) => withData(volume, `volumes/${volume.name}_data.tar.gz`));
  const lastNames = plan.binds.map(({ source }) => lastNameOf(source));
  const binds = plan.binds.map((bind, index) => {
    const last = lastNames[index] ?? "";
    const isAlone = lastNames.filter((name) => name === last).length === 1;
    return isAlone ? withData(bind, `volumes/bind_${last}_data.tar.gz`) : withoutPart(bind);
  });
  const empty = volumes.filter(({ part }) => part === undefined).map(({ name }) => name);
  const warnings = [
    ...plan.warnings,
    "Made by Container Monkey, which does not stop a container: files may be of different moments.",
    ...(hasImage ? ["The image in it was left out: it is pulled again."] : []),
    ...(empty.length === 0 ? [] : [`It has no data of these volumes: ${empty.join(", ")}.`]),
  ];
  return { plan: { ...plan, volumes, binds, warnings }, members };
}

function withoutPart<Thing extends { readonly part?: string | undefined }>({ part: _, ...rest }: Thing): Thing {
  return rest as Thing;
}

function lastNameOf(path: string): string {
  return path.split("/").findLast((word) => word !== "") ?? "";
}

const fileName = /^(?<name>.+)_(?<day>\d{8})_(?<time>\d{6})\.tar\.gz$/;

/** When it was made. It writes the machine's own time without saying which that is: it is taken for UTC. */
export function monkeyTimeOf(file: string, metadata: string | undefined): string | undefined {
  const told = Date.parse(`${metadata ?? ""}${/(?:Z|[+-]\d\d:\d\d)$/.test(metadata ?? "") ? "" : "Z"}`);
  const { day = "", time = "" } = fileName.exec(file)?.groups ?? {};
  const named = Date.parse(`${day.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`);
  const at = Number.isNaN(told) ? named : told;
  return Number.isNaN(at) ? undefined : `${new Date(at).toISOString().slice(0, 19)}Z`;
}
