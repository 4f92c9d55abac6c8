import { nameFrom } from "./container.ts";
import type { ContainerInspect, ContainerState, CreateBody, EndpointConfig } from "./inspect.ts";
import { type Helper, helperNameFor, type JournalEntry, type SwapPlan } from "./journal.ts";
import { leftoverFor, type Observed } from "./leftovers.ts";
import { containerNameFor, namespaceParentOf } from "./recreate/references.ts";

/** Who carries a replacement out. */
export type Course =
  | { readonly kind: "direct" }
  /** Gangway would be cut off in the middle: a container of its old image goes on from outside. */
  | {
      readonly kind: "helper";
      /** The container that Gangway runs in. */
      readonly own: ContainerInspect;
      /** The engine's address as the helper reaches it. */
      readonly engineHost: string;
      /** An engine's socket that Gangway itself does not have, as an entry of `HostConfig.Binds`. */
      readonly bind?: string;
      /** Does it reach the engine by a network? */
      readonly networked: boolean;
    }
  /** One sentence that says why, and what to do instead. */
  | { readonly kind: "refused"; readonly message: string };

export interface CourseSubject {
  /** The container that the command is for. */
  readonly name: string;
  /** All that are replaced with it, itself first, and the names of those that are restarted afterwards. */
  readonly members: readonly ContainerInspect[];
  readonly restarts: readonly string[];
  /** The container that Gangway runs in, if it runs in one of this engine's. */
  readonly own: ContainerInspect | undefined;
  /** Does Gangway reach the engine through this container? */
  readonly isWayToEngine: (inspect: ContainerInspect) => boolean;
  readonly engineHost: string;
  /** An absolute path. */
  readonly dataDir: string;
}

/** Where the helper finds the socket of a proxy that is being replaced. */
const lentSocket = "/run/gangway-engine.sock";
const elsewise = "update it with docker or compose";

/** Decides whether Gangway can do a replacement by itself, or who can. */
export function courseFor(subject: CourseSubject): Course {
  const { name, members, restarts, own, isWayToEngine, engineHost, dataDir } = subject;
  const refuse = (message: string): Course => ({ kind: "refused", message });
  const way = members.find(isWayToEngine);
  const isOwnTouched =
    own !== undefined && (members.some(({ Id }) => Id === own.Id) || restarts.includes(nameFrom(own.Name)));
  if (way === undefined && !isOwnTouched) return { kind: "direct" };
  if (own === undefined) {
    return refuse(`Gangway reaches the engine through ${name} and would be cut off in the middle; ${elsewise}.`);
  }
  if (!isKept(own, dataDir)) {
    return refuse(
      `Gangway would be cut off in the middle, and a helper container would not find its notes, because no volume is ` +
        `mounted at ${dataDir}; mount one, or ${elsewise}.`,
    );
  }
  if (way !== undefined) {
    const source = engineSocketOf(way);
    if (source === undefined) {
      return refuse(
        `Gangway reaches the engine through ${nameFrom(way.Name)}, which has no socket mounted that a helper container ` +
          `could use in the meantime; ${elsewise}.`,
      );
    }
    const bind = `${source}:${lentSocket}`;
    return { kind: "helper", own, engineHost: `unix://${lentSocket}`, bind, networked: false };
  }
  if (engineHost.startsWith("unix://")) return { kind: "helper", own, engineHost, networked: false };
  const parent = networkParentIn(own, members);
  if (parent !== undefined) {
    return refuse(
      `Gangway reaches the engine through the network of ${parent} and would be cut off in the middle; give it the ` +
        `engine's socket, or ${elsewise}.`,
    );
  }
  return { kind: "helper", own, engineHost, networked: true };
}

/** Is what is written at `path` there for another container that has the same mounts? */
function isKept({ Mounts }: ContainerInspect, path: string): boolean {
  return Mounts.some(
    ({ Type, Destination, RW }) =>
      RW && Type !== "tmpfs" && (path === Destination || path.startsWith(`${Destination.replace(/\/$/, "")}/`)),
  );
}

/** The engine's socket on the host, as a proxy has it mounted. */
function engineSocketOf({ Mounts }: ContainerInspect): string | undefined {
  const sockets = Mounts.filter(({ Type, Destination }) => Type === "bind" && Destination.endsWith(".sock"));
  const usual = sockets.find(({ Destination }) => /\/(?:docker|podman)\.sock$/.test(Destination));
  return (usual ?? sockets[0])?.Source;
}

/** The member in whose network Gangway lives. */
function networkParentIn(own: ContainerInspect, members: readonly ContainerInspect[]): string | undefined {
  const parent = namespaceParentOf(own.HostConfig.NetworkMode);
  if (parent === undefined) return undefined;
  return containerNameFor(parent, new Map(members.map(({ Id, Name }) => [Id, nameFrom(Name)])));
}

/** What the helper needs of what Gangway's container has; the rest (ports, limits, devices) is nothing to it. */
const sharedMembers: readonly string[] = [
  ...["Binds", "Mounts", "Tmpfs", "VolumesFrom", "ReadonlyRootfs", "LogConfig", "Runtime", "CgroupParent"],
  ...["CapAdd", "CapDrop", "SecurityOpt", "GroupAdd", "Privileged", "UsernsMode"],
  ...["Dns", "DnsOptions", "DnsSearch", "ExtraHosts"],
];

/** The engine starts it again where it dies, and when the machine is back, but not for ever. */
const restartPolicy = { Name: "on-failure", MaximumRetryCount: 5 };

/**
 * The helper of an operation: Gangway's container once more, from its old image and with another command.
 *
 * @param plan How Gangway's own container would be recreated: its volumes by their names.
 */
export function helperFor(
  { own, engineHost, bind, networked }: Extract<Course, { readonly kind: "helper" }>,
  plan: SwapPlan,
  operation: string,
): Helper {
  const { Env, User, WorkingDir, Entrypoint, Cmd } = own.Config;
  const host = plan.body.HostConfig;
  const shared = Object.fromEntries(Object.entries(host).filter(([member]) => sharedMembers.includes(member)));
  const binds = Array.isArray(host["Binds"]) ? (host["Binds"] as readonly string[]) : [];
  const body: CreateBody = {
    ...{ Env, User, WorkingDir, Entrypoint, Cmd: commandFor(Cmd ?? [], operation) },
    Image: own.Image,
    // None of the container's own labels: compose would take the helper for one of its containers.
    Labels: { "gangway.helper": operation },
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...shared,
      ...(bind === undefined ? {} : { Binds: [...binds, bind] }),
      NetworkMode: networked ? host["NetworkMode"] : "none",
      RestartPolicy: restartPolicy,
    },
    NetworkingConfig: { EndpointsConfig: networked ? nameless(plan.body.NetworkingConfig.EndpointsConfig) : {} },
  };
  const connect = networked ? plan.connect.map(({ network }) => ({ network, endpoint: {} })) : [];
  const { carry, platform } = plan;
  return {
    container: helperNameFor(nameFrom(own.Name), operation),
    madeAfter: own.Id,
    plan: { body, carry, connect, disconnect: [], ...(platform === undefined ? {} : { platform }) },
    engineHost,
    tries: 1,
  };
}

/** Addresses and aliases are Gangway's own. */
function nameless(endpoints: Readonly<Record<string, EndpointConfig>>): Readonly<Record<string, EndpointConfig>> {
  return Object.fromEntries(Object.keys(endpoints).map((network) => [network, {}]));
}

/** Gangway's command with `finish` for `run`: its options stay. */
function commandFor(words: readonly string[], operation: string): readonly string[] {
  const at = words.indexOf("run");
  return at === -1 ? ["finish", operation, ...words] : words.toSpliced(at, 1, "finish", operation);
}

/** What a Gangway that finds a helper's entry does about it. */
export type HelperStep =
  /** The helper has ended it: tell so, and clear away. */
  | "settle"
  /** The helper is at work. */
  | "wait"
  /** The helper is gone, but nobody can finish this from within: another one is started. */
  | "relaunch"
  /** The helper is gone: recover as after any crash. */
  | "take_back"
  /** The helper is gone, and this is the old container: the new one goes, for there must not be two at work. */
  | "undo"
  /** Several helpers are gone: a person has to look. */
  | "give_up";

export interface HelperSight {
  /** Undefined: there is no such container. */
  readonly helper: ContainerState | undefined;
  readonly observed: readonly Observed[];
  readonly ownContainerId: string | undefined;
}

const mostTries = 3;

/**
 * Decides what becomes of an operation that was handed over, as seen by a Gangway that may itself run in the old
 * container, in the new one, or in one that it is not about. It must never remove the container that it runs in.
 */
export function helperStepFor(entry: JournalEntry, { helper, observed, ownContainerId }: HelperSight): HelperStep {
  if (entry.outcome !== undefined) return "settle";
  if (helper !== undefined && (helper.Running || helper.Restarting || helper.Paused)) return "wait";
  const isNew = observed.some(({ candidate }) => candidate !== undefined && candidate.Id === ownContainerId);
  const isOld = observed.some(({ old }) => old !== undefined && old.Id === ownContainerId);
  if (isOld && entry.step !== "committed") return "undo";
  // The new one only has to clear the old ones away, if all gates were passed.
  if (!isNew || leftoverFor(entry, observed).kind === "finish") return "take_back";
  return (entry.helper?.tries ?? 0) < mostTries ? "relaunch" : "give_up";
}
