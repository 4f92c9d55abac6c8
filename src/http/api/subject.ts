import type { NodeNews, PastOperation, ServedNode } from "../../core/doors.ts";
import type { Entry } from "../../core/ports.ts";
import type { Clock } from "../../lib/time.ts";
import type { AccessStore } from "../settings.ts";
import type { EventLog, LoggedEvent } from "./event-log.ts";
import { type Answer, problem } from "./problem.ts";
import type { Recent } from "./recent.ts";

/** What the API is about. */
export interface ApiSubject {
  /** The engines whose name is known. */
  readonly nodes: () => readonly ServedNode[];
  /** Oldest first. */
  readonly history: () => readonly PastOperation[];
  readonly recent: Recent;
  readonly access: AccessStore;
  /** Told of everything that happens on any node, also on one that is not known yet. */
  readonly subscribe: (listener: (node: string, news: NodeNews) => void) => Disposable;
  /** The same as it is sent, and what was sent before. */
  readonly events: Pick<EventLog, "since"> & {
    readonly subscribe: (listener: (event: LoggedEvent) => void) => Disposable;
  };
  readonly clock: Pick<Clock, "now">;
  /** Gangway's own release. */
  readonly version: string;
}

/** One thing that was looked for, or why it is not to be had. */
export type Found<Thing> =
  | { readonly kind: "found"; readonly thing: Thing }
  | { readonly kind: "problem"; readonly answer: Answer };

/** The nodes that a request is about. */
export function nodesNamed({ nodes }: ApiSubject, name: string | undefined): Found<readonly ServedNode[]> {
  const all = nodes();
  const found = name === undefined ? all : all.filter((node) => node.name === name);
  if (found.length > 0 || name === undefined) return { kind: "found", thing: found };
  const known = all.map((node) => node.name).join(", ");
  return missing("node_not_found", `There is no engine "${name}"; there ${all.length === 1 ? "is" : "are"} ${known}.`);
}

/** The container of a name, on the node that was named, else on the only one that has such a container. */
export function containerNamed(
  subject: ApiSubject,
  name: string,
  nodeName: string | undefined,
): Found<{ readonly node: ServedNode; readonly entry: Entry }> {
  const nodes = nodesNamed(subject, nodeName);
  if (nodes.kind === "problem") return nodes;
  const found = nodes.thing.flatMap((node) => {
    const entry = node.inventory.get(name);
    return entry === undefined ? [] : [{ node, entry }];
  });
  const [first, second] = found;
  if (first === undefined) return missing("container_not_found", `There is no container named "${name}".`);
  if (second === undefined) return { kind: "found", thing: first };
  const names = found.map(({ node }) => node.name).join(", ");
  const detail = `Several engines have a container named "${name}": say which with ?node= (${names}).`;
  return { kind: "problem", answer: problem(409, "ambiguous_container", detail) };
}

function missing(error: string, detail: string): Found<never> {
  return { kind: "problem", answer: problem(404, error, detail) };
}
