import { z } from "zod";
import type { Phase } from "../core/operation.ts";
import { GangwayError } from "../lib/errors.ts";
import type { BackupWork, Ended, OnProgress } from "./backup-work.ts";

interface Bridge {
  /** `http://127.0.0.1:5000` */
  readonly address: string;
  readonly key: string | undefined;
  readonly onProgress: OnProgress;
}

/** What a running Gangway says of an operation. */
const Operation = z.looseObject({
  id: z.string(),
  container: z.string().nullable(),
  ended: z.boolean(),
  ok: z.boolean().nullable(),
  message: z.string().nullable(),
  phase: z.string(),
  percent: z.number().nullable(),
  bytes: z.number().nullable(),
  total_bytes: z.number().nullable(),
  results: z.array(z.looseObject({ container: z.string(), state: z.string(), message: z.string() })).optional(),
});
type Operation = z.output<typeof Operation>;

const Several = z.looseObject({ operations: z.array(Operation) });
const Problem = z.looseObject({ detail: z.string() });

/** As long as a request waits for the end. */
const waitSeconds = 2;

/** Lets the Gangway that runs on this data directory do it, by its HTTP API. */
export function askBridge(bridge: Bridge, signal: AbortSignal): BackupWork {
  const one = async (path: string, body: object = {}): Promise<Ended> =>
    endedFrom(
      await untilEnded(bridge, await ask(bridge, `${path}?wait=${waitSeconds}`, body, Operation, signal), signal),
    );
  return {
    backUp: (container) => one(`/containers/${encodeURIComponent(container)}/backup`),
    backUpAll: async () => {
      const path = `/commands/backup_all?wait=${waitSeconds}`;
      const { operations } = await ask(bridge, path, {}, Several, signal);
      const ended: Ended[] = [];
      for (const operation of operations) ended.push(...allEndedIn(await untilEnded(bridge, operation, signal)));
      return ended;
    },
    restore: (file, name, options) =>
      one(`/backups/${encodeURIComponent(file)}/restore`, { ...options, ...(name === undefined ? {} : { name }) }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function endedFrom({ ok, message }: Operation): Ended {
  return { isGood: ok === true, message: message ?? "" };
}

function allEndedIn(operation: Operation): readonly Ended[] {
  const { results = [] } = operation;
  if (results.length === 0) return [endedFrom(operation)];
  return results.map(({ state, message }) => ({ isGood: state === "done", message }));
}

async function untilEnded(bridge: Bridge, first: Operation, signal: AbortSignal): Promise<Operation> {
  let operation = first;
  while (!operation.ended) {
    const { id, container, phase, percent, bytes: done, total_bytes: total } = operation;
    if (container !== null) {
      bridge.onProgress(container, {
        ...{ phase: phase as Phase, ...(percent === null ? {} : { percent }) },
        ...(done === null ? {} : { bytes: { done, ...(total === null ? {} : { total }) } }),
      });
    }
    try {
      const path = `/operations/${encodeURIComponent(id)}?wait=${waitSeconds}`;
      operation = await ask(bridge, path, undefined, Operation, signal);
    } catch (cause) {
      const message = `The running Gangway was not asked any more how its operation ${id} ends; it goes on with it`;
      throw new GangwayError(signal.aborted ? "aborted" : "file_failed", message, { cause });
    }
  }
  return operation;
}

/** Asks by GET where there is no body. Rejects with `file_failed` where there is no good answer. */
async function ask<Answer>(
  { address, key }: Bridge,
  path: string,
  body: object | undefined,
  schema: z.ZodType<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = {
    ...(key === undefined ? {} : { "x-api-key": key }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const request = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${address}/api/v1${path}`, { ...request, signal }).catch((cause: unknown) => {
    const message = `A Gangway runs on this data_dir, but does not answer at ${address}; set http.listen as it has it, or end it first`;
    throw new GangwayError("file_failed", message, { cause });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const { data } = response.ok ? schema.safeParse(answer) : { data: undefined };
  if (data !== undefined) return data;
  const detail = Problem.safeParse(answer).data?.detail ?? "That is no answer of Gangway's";
  throw new GangwayError("file_failed", `${address} answers ${response.status}: ${detail.replace(/\.$/, "")}`);
}
