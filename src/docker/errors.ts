import { type ErrorCode, GangwayError, isErrorWithCode, messageOf } from "../lib/errors.ts";

const codes: Readonly<Record<number, ErrorCode>> = {
  400: "engine_refused",
  401: "engine_refused",
  403: "engine_refused",
  404: "engine_not_found",
  409: "engine_conflict",
};

/** What dockerode throws for an answer with an error status. */
interface HttpFault {
  readonly statusCode: number;
  readonly json?: unknown;
  readonly message: string;
}

function isHttpFault(error: unknown): error is HttpFault {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number";
}

/** The status of the engine's answer, where `error` came from one. */
export function statusOf(error: unknown): number | undefined {
  return isHttpFault(error) ? error.statusCode : undefined;
}

/** What the engine says in its answer, where `error` came from one. */
export function wordsOf(error: unknown): string | undefined {
  return isHttpFault(error) ? engineWords(error) : undefined;
}

/**
 * Anything that a call to the engine throws, as a `GangwayError`. `what` says what was being done ("start web").
 * Without an answer the engine counts as unreachable, and the call's effect as unknown.
 */
export function engineError(error: unknown, what: string, signal: AbortSignal): GangwayError {
  if (error instanceof GangwayError) return error;
  if (signal.aborted) return abortError(signal, what);
  if (isHttpFault(error)) {
    const code = codes[error.statusCode] ?? "engine_failed";
    return new GangwayError(code, `The engine could not ${what}: ${engineWords(error)} (HTTP ${error.statusCode})`);
  }
  return new GangwayError("engine_unreachable", `The engine gave no answer to "${what}"`, { cause: error });
}

/** Why `signal` aborted: a deadline of ours, or somebody's wish. */
export function abortError(signal: AbortSignal, what: string): GangwayError {
  const reason: unknown = signal.reason;
  const timedOut =
    isErrorWithCode(reason, "timeout") || (reason instanceof DOMException && reason.name === "TimeoutError");
  return timedOut
    ? new GangwayError("timeout", `The engine took too long to ${what}`)
    : new GangwayError("aborted", `"${what}" was aborted`);
}

/** Socket proxies answer with HTML: only a JSON body's message is worth showing. */
function engineWords(fault: HttpFault): string {
  const { json } = fault;
  if (typeof json === "object" && json !== null && "message" in json && typeof json.message === "string") {
    return json.message.trim();
  }
  const text = messageOf(fault).replace(/^\(HTTP code \d+\) [^-]*- /, "");
  return /<html|<!doctype/i.test(text) ? "the answer is not the engine's, perhaps a socket proxy's" : text.trim();
}
