/**
 * Everything that can go wrong outside Gangway, as a closed list: callers decide by `code`, never by message text.
 * `docs/errors.md` says what a user can do about each.
 */
export type ErrorCode =
  | "aborted"
  | "timeout"
  | "config_invalid"
  | "listen_failed"
  | "engine_unreachable"
  | "engine_not_found"
  | "engine_conflict"
  | "engine_refused"
  | "engine_failed"
  | "engine_answer_invalid"
  | "pull_failed"
  | "registry_unreachable"
  | "registry_denied"
  | "registry_not_found"
  | "registry_limited"
  | "registry_failed"
  | "registry_answer_invalid"
  | "candidate_failed"
  | "backup_failed"
  | "backup_damaged"
  | "backup_not_found"
  | "broker_unreachable"
  | "broker_refused"
  | "file_failed";

/** Codes of faults that may be gone at the next try. */
const transientCodes: ReadonlySet<ErrorCode> = new Set([
  "timeout",
  "engine_unreachable",
  "engine_failed",
  "registry_unreachable",
  "registry_limited",
  "registry_failed",
  "broker_unreachable",
]);

/** The one error that adapters throw: what happened, in words for a person, and a code for the program. */
export class GangwayError extends Error {
  readonly code: ErrorCode;
  /** May the same call succeed later without anyone changing anything? */
  readonly transient: boolean;
  /** When a registry said so: milliseconds to wait before asking again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GangwayError";
    this.code = code;
    this.transient = transientCodes.has(code);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for a `GangwayError` with one of `codes`. */
export function isErrorWithCode(error: unknown, ...codes: readonly ErrorCode[]): error is GangwayError {
  return error instanceof GangwayError && codes.includes(error.code);
}

/** The text of anything that was thrown, with the texts of its causes: one line for a log or a result. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === "" ? error.name : error.message;
  if (error.cause === undefined) return own;
  const cause = messageOf(error.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

/** Has the system given one of `codes` (`ENOSPC`) to what was thrown, or to a cause of it? */
export function hasSystemCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && codes.includes(String(error.code))) || hasSystemCode(error.cause, ...codes);
}
