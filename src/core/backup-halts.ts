import type { Consistency } from "./backup.ts";
import type { Halt } from "./backup-journal.ts";
import { nameFrom } from "./container.ts";
import { dependantsFor } from "./dependants.ts";
import type { ContainerInspect, MountPoint } from "./inspect.ts";
import { volumeNameOf } from "./recreate/mounts.ts";

/** What is read, and who is there. */
export interface HaltSubject {
  readonly all: readonly ContainerInspect[];
  readonly consistency: Consistency;
  /** The volumes that are read, by name. */
  readonly volumes: readonly string[];
  /** The directories and files of the host that are read. */
  readonly binds: readonly string[];
  /** Gangway itself, and what it reaches the engine through. */
  readonly isNeeded: (inspect: ContainerInspect) => boolean;
}

export type HaltPlan =
  | {
      readonly kind: "halts";
      /** In the order in which they are to be started again: each after what it depends on. */
      readonly halts: readonly Halt[];
      /** Sentences on who goes on meanwhile. */
      readonly warnings: readonly string[];
    }
  /** One sentence that says why, and what to do instead. */
  | { readonly kind: "refused"; readonly message: string };

/**
 * Who has to be stopped, or paused, so that nobody changes the data while it is read: every running container that can
 * write to it. One that lives in the network of another that is stopped would be cut off for good, and is stopped with it.
 */
export function planHalts(subject: HaltSubject): HaltPlan {
  const { all, consistency, isNeeded } = subject;
  const writers = all.filter((inspect) => isGoing(inspect) && writesTo(inspect, subject));
  if (consistency === "live") {
    const names = writers.map(({ Name }) => nameFrom(Name)).join(", ");
    const warnings = names === "" ? [] : [`${names} went on while the data was read: it may be of different moments.`];
    return { kind: "halts", halts: [], warnings };
  }
  const groups = writers.map((writer) => groupOf(writer, subject));
  const kept = groups.filter((group) => group.some(isNeeded));
  const halted = new Set(groups.filter((group) => !group.some(isNeeded)).flat());
  const refusal = consistency === "stop" ? [...halted].map(refusalFor).find((found) => found !== undefined) : undefined;
  if (refusal !== undefined) return { kind: "refused", message: refusal };
  const warnings = kept.flatMap(([writer]) =>
    writer === undefined
      ? []
      : [
          `${nameFrom(writer.Name)} went on while the data was read, for Gangway needs it: the data may be of ` +
            "different moments.",
        ],
  );
  return { kind: "halts", halts: inOrder([...halted], all).map((inspect) => haltOf(inspect, consistency)), warnings };
}

/** Does its process run? One that is paused changes nothing. */
function isGoing({ State }: ContainerInspect): boolean {
  return State.Running && !State.Paused;
}

function writesTo({ Mounts }: ContainerInspect, { volumes, binds }: HaltSubject): boolean {
  return Mounts.some(
    (mount) =>
      mount.RW &&
      (isVolume(mount, volumes) || (mount.Type === "bind" && binds.some((bind) => overlap(bind, mount.Source)))),
  );
}

function isVolume(mount: MountPoint, volumes: readonly string[]): boolean {
  return mount.Type === "volume" && volumes.includes(volumeNameOf(mount) ?? "");
}

/** Is one of the paths in the other, or are they the same? */
function overlap(one: string, other: string): boolean {
  const below = (path: string, root: string): boolean => `${path}/`.startsWith(root === "/" ? "/" : `${root}/`);
  return below(one, other) || below(other, one);
}

/** The container, and those that a stop of it would cut off. A pause cuts nobody off. */
function groupOf(writer: ContainerInspect, { all, consistency }: HaltSubject): readonly ContainerInspect[] {
  if (consistency !== "stop") return [writer];
  return [writer, ...cutOffBy(writer, all).filter(isGoing)];
}

function cutOffBy(inspect: ContainerInspect, all: readonly ContainerInspect[]): readonly ContainerInspect[] {
  const grouping = dependantsFor(inspect, all);
  if (grouping.kind === "cycle") return [];
  const { recreate } = grouping.dependants;
  return recreate.flatMap((name) => all.find(({ Name }) => nameFrom(Name) === name) ?? []);
}

function refusalFor({ Name, HostConfig, Config }: ContainerInspect): string | undefined {
  const name = nameFrom(Name);
  const advice = "set its label gangway.backup.consistency to pause.";
  if (HostConfig.AutoRemove === true) {
    return `${name} was started with --rm and would be gone with its data if it were stopped; ${advice}`;
  }
  if (Config.Labels?.["com.docker.swarm.task.id"] !== undefined) {
    return `${name} is a task of a Swarm service, which would start another one if it were stopped; ${advice}`;
  }
  return undefined;
}

/** Each after all that it depends on. */
function inOrder(halted: readonly ContainerInspect[], all: readonly ContainerInspect[]): readonly ContainerInspect[] {
  const depth = new Map(halted.map((inspect) => [inspect, 0]));
  for (const inspect of halted) {
    for (const dependant of cutOffBy(inspect, all)) {
      const known = depth.get(dependant);
      if (known !== undefined) depth.set(dependant, known + 1);
    }
  }
  return halted.toSorted((a, b) => (depth.get(a) ?? 0) - (depth.get(b) ?? 0));
}

function haltOf({ Id: id, Name, State }: ContainerInspect, consistency: "stop" | "pause"): Halt {
  // One in a crash loop cannot be paused.
  const deed = State.Restarting ? "stop" : consistency;
  return { container: nameFrom(Name), id, deed, startedAt: State.StartedAt };
}
