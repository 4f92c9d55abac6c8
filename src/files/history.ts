import { z } from "zod";
import type { PastOperation } from "../core/doors.ts";
import { isBackup, isUpdate, outcomeStates } from "../core/operation.ts";
import { type OnDamage, readJson, writeJson } from "./atomic-json.ts";
import { createLatestWriter } from "./latest-writer.ts";

const Entry = z.looseObject({
  node: z.string(),
  id: z.string(),
  command: z.string(),
  container: z.string().nullable(),
  state: z.enum(outcomeStates),
  message: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
});

const longest = 500;

/** The last 500 operations, oldest first: `history.json`. */
export interface History extends AsyncDisposable {
  readonly add: (entry: PastOperation) => void;
  /** Oldest first. */
  readonly all: () => readonly PastOperation[];
  /** The last operation of a container. */
  readonly last: (node: string, container: string) => PastOperation | undefined;
  /** When Gangway gave a container a newer image last (ISO 8601, UTC), as far back as the history goes. */
  readonly lastUpdate: (node: string, container: string) => string | undefined;
  /** When a container was backed up last (ISO 8601, UTC), as far back as the history goes. */
  readonly lastBackup: (node: string, container: string) => string | undefined;
  /** The versions that a container has left behind, by an update or because it was rolled back on demand, as texts. */
  readonly leftBehind: (node: string, container: string) => readonly string[];
}

/** Opens the history at `path`; additions are written soon, and for certain before it is disposed of. */
export async function openHistory(
  path: string,
  deps: { readonly onDamage: OnDamage; readonly onFailure: (error: unknown) => void },
): Promise<History> {
  const schema = z.array(Entry) as unknown as z.ZodType<readonly PastOperation[]>;
  let entries: readonly PastOperation[] = (await readJson(path, schema, deps)) ?? [];
  const writer = createLatestWriter((value: readonly PastOperation[]) => writeJson(path, value), deps.onFailure);
  return {
    add: (entry) => {
      entries = [...entries, entry].slice(-longest);
      writer.put(entries);
    },
    all: () => entries,
    last: (node, container) => entries.findLast((entry) => entry.node === node && entry.container === container),
    lastUpdate: (node, container) =>
      entries.findLast((entry) => entry.node === node && entry.container === container && isUpdate(entry))?.finishedAt,
    lastBackup: (node, container) =>
      entries.findLast((entry) => entry.node === node && entry.container === container && isBackup(entry))?.finishedAt,
    leftBehind: (node, container) =>
      entries.flatMap((entry) =>
        entry.node === node && entry.container === container && hasLeft(entry) ? (entry.from ?? []) : [],
      ),
    [Symbol.asyncDispose]: writer.settled,
  };
}

function hasLeft({ command, state }: PastOperation): boolean {
  return state === "updated" || (command === "rollback" && state === "done");
}
