/*
 * What a replacement asks of the engine, call by call, when nothing disturbs it: only the calls that change something.
 * The first word of each is its kind. The crash tests prove these lists before they count on them.
 */

/** What is replaced, as it is before. A group: a parent, and a child in its network namespace. */
export type Subject = "running" | "stopped" | "paused" | "group";

/** How the new image behaves; in a group with a failing child it is good, and the child fails beside it. */
export type Behaviour = "good" | "crash-looping" | "unhealthy" | "missing binary" | "failing child";

const prepare = ["tag hold", "pull"];
const replace = ["create", "update policy to no", "stop", "rename old", "rename new"];
const commit = ["remove old", "tag previous", "untag hold"];
/** The tag names the old image again, and nothing holds that any more. */
const letGo = ["tag reference back", "untag hold"];
const undo = ["remove new", "rename back", "update policy back"];

const groupReplace = [
  ...["create parent", "create child", "update child's policy to no", "update parent's policy to no"],
  ...["stop child", "stop parent", "rename old parent", "rename new parent", "start new parent"],
  ...["rename old child", "rename new child", "start new child"],
];
const groupUndo = [
  ...["remove new child", "remove new parent"],
  ...["rename parent back", "update parent's policy back", "start old parent"],
  ...["rename child back", "update child's policy back", "start old child"],
];

/** Up to the verdict about the new containers. */
const forward: Readonly<Record<Subject, readonly string[]>> = {
  running: [...prepare, ...replace, "start new"],
  stopped: [...prepare, ...replace],
  paused: [...prepare, ...replace, "start new"],
  group: [...prepare, ...groupReplace],
};

const after: Readonly<Record<Subject, { readonly passed: readonly string[]; readonly failed: readonly string[] }>> = {
  running: { passed: commit, failed: [...undo, "start old", ...letGo] },
  stopped: { passed: commit, failed: [...undo, ...letGo] },
  paused: { passed: ["pause new", ...commit], failed: [...undo, "start old", "pause old", ...letGo] },
  group: {
    passed: ["remove old child", "remove old parent", ...commit.slice(1)],
    failed: [...groupUndo, ...letGo],
  },
};

/** All calls of an update that is not disturbed. */
export function callsOf(subject: Subject, behaviour: Behaviour): readonly string[] {
  return [...forward[subject], ...after[subject][behaviour === "good" ? "passed" : "failed"]];
}

/** The number, from 1, of the first call in which a bad image differs from a good one. */
export function firstFailure(subject: Subject): number {
  return forward[subject].length;
}

/** What Gangway alone, killed right after a call of an update of a running container, does at its next start. */
export const recoveries: readonly {
  readonly behaviour: Behaviour;
  readonly call: string;
  readonly gangway: readonly string[];
  /** Where it is another way once the engine was killed too. */
  readonly machine?: readonly string[];
}[] = [
  { behaviour: "good", call: "create", gangway: ["remove new", ...letGo] },
  {
    behaviour: "good",
    call: "update policy to no",
    gangway: ["remove new", "update policy back", ...letGo],
    machine: ["remove new", "update policy back", "start old", ...letGo],
  },
  { behaviour: "good", call: "stop", gangway: ["remove new", "update policy back", "start old", ...letGo] },
  { behaviour: "good", call: "rename old", gangway: [...undo, "start old", ...letGo] },
  { behaviour: "good", call: "rename new", gangway: [...undo, "start old", ...letGo] },
  { behaviour: "crash-looping", call: "start new", gangway: [...undo, "start old", ...letGo] },
  {
    behaviour: "crash-looping",
    call: "remove new",
    gangway: ["rename back", "update policy back", "start old", ...letGo],
  },
  { behaviour: "crash-looping", call: "rename back", gangway: ["update policy back", "start old", ...letGo] },
  {
    behaviour: "crash-looping",
    call: "update policy back",
    gangway: ["update policy back", "start old", ...letGo],
    // It always restarts, and so the engine starts it itself.
    machine: ["update policy back", ...letGo],
  },
  { behaviour: "crash-looping", call: "start old", gangway: ["update policy back", ...letGo] },
  { behaviour: "good", call: "remove old", gangway: ["tag previous", "untag hold"] },
];
