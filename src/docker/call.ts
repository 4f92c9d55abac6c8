import { GangwayError } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import { engineError } from "./errors.ts";

/** One call, with a time-out and its failure in Gangway's terms. */
export async function call<Result>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return await translated(what, deadline(timeoutMs, signal), action);
}

/** A call that takes as long as `limit` lets it, with its failure in Gangway's terms. */
export async function translated<Result>(
  what: string,
  limit: AbortSignal,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  try {
    return await action(limit);
  } catch (error) {
    if (error instanceof Error && error.name === "ZodError") {
      throw new GangwayError("engine_answer_invalid", `The engine's answer to "${what}" is not what it should be`, {
        cause: error,
      });
    }
    throw engineError(error, what, limit);
  }
}
