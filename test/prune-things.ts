import type { BackupEntry } from "../src/core/backup-journal.ts";
import type { StoredImage, StoredNetwork, StoredVolume } from "../src/core/disk.ts";
import type { ContainerInspect } from "../src/core/inspect.ts";
import type { JournalEntry } from "../src/core/journal.ts";
import { needsOf } from "../src/core/prune/needs.ts";
import type { PruneRules } from "../src/core/prune/plan.ts";
import type { PruneItem } from "../src/core/prune/prune.ts";
import type { RestoreEntry } from "../src/core/restore-journal.ts";

export const now = Date.parse("2026-01-31T00:00:00Z");
export const hour = 3_600_000;
export const ago = (hours: number): number => now - hours * hour;
export const idOf = (name: string): string => Buffer.from(name).toString("hex").padEnd(64, "0");
export const imageIdOf = (name: string): string => `sha256:${idOf(name)}`;

type Labels = Readonly<Record<string, string>>;

interface ContainerFacts {
  readonly image?: string;
  readonly runs?: string;
  readonly status?: string;
  readonly labels?: Labels;
  readonly host?: object;
  readonly networks?: object;
  readonly volumes?: readonly string[];
  readonly made?: number;
  readonly finished?: number;
}

/** A stopped container, three days old, unless it says otherwise. */
export function container(
  name: string,
  facts: ContainerFacts = {},
): ContainerInspect & { readonly bytes: number | null } {
  const { status = "exited", finished = ago(48) } = facts;
  return {
    Id: idOf(name),
    Name: `/${name}`,
    Image: imageIdOf(facts.runs ?? "none"),
    Created: new Date(facts.made ?? ago(72)).toISOString(),
    State: {
      Status: status,
      FinishedAt: status === "created" ? "0001-01-01T00:00:00Z" : new Date(finished).toISOString(),
    },
    Config: { Image: facts.image ?? "app", Labels: facts.labels ?? {} },
    HostConfig: { NetworkMode: "bridge", ...facts.host },
    Mounts: (facts.volumes ?? []).map((Name) => ({ Type: "volume", Name, Source: "", Destination: "/x", RW: true })),
    NetworkSettings: { Networks: facts.networks ?? {}, Ports: {} },
    bytes: 5,
  } as unknown as ContainerInspect & { readonly bytes: number | null };
}

export function image(name: string, tags: readonly string[], more: Partial<StoredImage & { taggedMs: number }> = {}) {
  return { id: imageIdOf(name), tags, digests: [], createdMs: ago(48), labels: {}, bytes: 7, ...more };
}

export function volume(name: string, more: Partial<StoredVolume> = {}) {
  return { name, labels: {}, createdMs: ago(48), bytes: 9, ...more };
}

export function network(name: string, more: Partial<StoredNetwork> = {}): StoredNetwork {
  return { id: idOf(name), name, labels: {}, scope: "local", isInternal: false, createdMs: ago(48), ...more };
}

/** A backup that has stopped a container, and has not ended. */
export const backup = { container: "db", halts: [{ container: "db", id: idOf("db") }] } as unknown as BackupEntry;

/** A restore that is making a volume and a network, in the place of a container. */
export const restore = {
  ...{ container: "db", volumes: ["made"], networks: ["made"] },
  images: [imageIdOf("today")],
  replaced: { oldId: idOf("today") },
} as unknown as RestoreEntry;

export interface RuleFacts extends Partial<Omit<PruneRules, "needs">> {
  readonly containers?: readonly ContainerInspect[];
  readonly journal?: readonly JournalEntry[];
  readonly backups?: readonly BackupEntry[];
  readonly restores?: readonly RestoreEntry[];
}

export function rules({
  containers = [],
  journal = [],
  backups = [],
  restores = [],
  ...more
}: RuleFacts = {}): PruneRules {
  const { ownContainerId = undefined } = more;
  return {
    ...{ wish: {}, keep: [], ownContainerId, now, ...more },
    needs: needsOf({ containers, journal, backups, restores, ownContainerId }),
  };
}

/** An update that has not ended, of a container that ran `old` and is to run `new`. */
export const entry = {
  members: [
    {
      oldId: idOf("old-web"),
      newId: idOf("new-web"),
      newImageId: imageIdOf("new"),
      inspect: container("web", { runs: "old", volumes: ["noted"], networks: { noted: {} } }),
    },
  ],
  retags: [{ reference: "app:1", imageId: imageIdOf("retagged") }],
  helper: { container: "helper" },
} as unknown as JournalEntry;

export const all = { wish: { all: true } } as const;
export const anonymous = { "com.docker.volume.anonymous": "" };
export const compose = (project: string): Labels => ({ "com.docker.compose.project": project });
/** `name: verdict`, with a part of the reason where there is something to say. */
export const shown = (items: readonly PruneItem[]): readonly string[] =>
  items.map(({ name, verdict, reason }) => (verdict === "remove" ? name : `${name}: ${verdict}, ${reason}`));
