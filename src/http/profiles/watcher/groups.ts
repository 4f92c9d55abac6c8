import { isRunning } from "../../../core/container.ts";
import type { ServedNode } from "../../../core/doors.ts";
import { currentCheck } from "../../../core/entry.ts";
import type { Entry } from "../../../core/ports.ts";
import type { ProfileSubject } from "../profile.ts";

/*
 * The running containers as Docker Image Watcher shows them: by image, and each by the start of its id.
 */

/** A container that is shown. */
export interface Watched {
  /** Twelve characters: it changes whenever the container is made anew. */
  readonly id: string;
  /** Its image as it is shown. */
  readonly image: string;
  readonly node: ServedNode;
  /** The node's place in the configuration. */
  readonly index: number;
  readonly entry: Entry;
}

const shortId = 12;
/** `sha256:` and ten digits. */
const shortDigest = 17;
const unknown = "unknown";

/** All but Gangway's own container, and those whose image has no name. */
export function watchedOf({ nodes, isOwn }: Pick<ProfileSubject, "nodes" | "isOwn">): readonly Watched[] {
  return nodes().flatMap((node, index) =>
    node.inventory.all().flatMap((entry) => {
      const { container } = entry;
      const image = shownImage(container.image);
      if (image === undefined || !isRunning(container) || isOwn(container)) return [];
      return [{ id: container.id.slice(0, shortId), image, node, index, entry }];
    }),
  );
}

/** With its tag, and without a digest; undefined for an image's id. */
export function shownImage(reference: string): string | undefined {
  if (/^sha256:/.test(reference)) return undefined;
  const name = reference.replace(/@.*$/s, "");
  return name.slice(name.lastIndexOf("/") + 1).includes(":") ? name : `${name}:latest`;
}

/** `GET /api/images`, by image. */
export function groupsOf(watched: readonly Watched[]): readonly object[] {
  const images = [...new Set(watched.map(({ image }) => image))].sort();
  return images.map((image) => {
    const members = watched.filter((one) => one.image === image);
    const digests = members.flatMap(({ entry }) => latestDigestOf(entry) ?? []);
    return {
      image,
      remote_digest: digests[0]?.slice(0, shortDigest) ?? unknown,
      status: groupStatus(members.map(({ entry }) => statusOf(entry))),
      containers: members.map(containerView),
    };
  });
}

type Status = "uptodate" | "outdated" | "unknown";

function statusOf(entry: Entry): Status {
  switch (currentCheck(entry)?.status) {
    case "up_to_date":
      return "uptodate";
    case "update_available":
      return "outdated";
    default:
      return unknown;
  }
}

function groupStatus(statuses: readonly Status[]): Status | "partial" {
  const isOutdated = statuses.includes("outdated");
  if (isOutdated && statuses.includes("uptodate")) return "partial";
  if (isOutdated) return "outdated";
  return statuses.includes("uptodate") ? "uptodate" : unknown;
}

/** What the registry said in the last check; nothing where it could not say anything. */
function latestDigestOf(entry: Entry): string | undefined {
  return statusOf(entry) === unknown ? undefined : currentCheck(entry)?.latestDigest;
}

function containerView({ id, node, index, entry }: Watched): object {
  const { name, repoDigests } = entry.container;
  const installed = currentCheck(entry)?.installedDigest ?? repoDigests[0]?.replace(/^.*@/s, "");
  return {
    container_id: id,
    // No container's name can hold an `@`: it stands for the same container always.
    container_name: index === 0 ? name : `${name}@${node.name}`,
    local_digest: installed?.slice(0, shortDigest) ?? unknown,
    status: statusOf(entry),
    auto_update: node.autoUpdateOf(entry).isOn,
  };
}
