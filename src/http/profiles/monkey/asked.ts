import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { ServedNode } from "../../../core/doors.ts";
import type { Command, OperationResult } from "../../../core/operation.ts";
import { deadline, untilAborted } from "../../../lib/time.ts";
import { type Caller, sourceOf } from "../../access.ts";
import type { Attempts } from "../../attempts.ts";
import type { GateDependencies } from "../../gate.ts";
import type { ProfileSubject } from "../profile.ts";
import type { Downloads } from "./downloads.ts";

/** A request, as far as routes look at it. */
export interface Asked {
  /** What stands in the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Empty where the body is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Of a form with a file: the form as it comes. */
  readonly form: Readable | undefined;
  readonly raw: IncomingMessage;
  readonly caller: Caller | null;
  /** The token in the cookie; empty where there is none. */
  readonly token: string;
  readonly cookiePath: string;
  readonly isSecure: boolean;
  /** Must somebody be known here? */
  readonly auth: boolean;
  /** Aborts when whoever asked has gone, or the server closes. */
  readonly signal: AbortSignal;
  /** Aborts only when the server closes. */
  readonly closing: AbortSignal;
}

/** What the routes are about. One engine is all that Container Monkey knows: the first of the configuration. */
export interface MonkeySubject extends ProfileSubject, Pick<GateDependencies, "failures" | "mention" | "log"> {
  readonly node: ServedNode;
  readonly attempts: Attempts;
  readonly downloads: Downloads;
}

/** How long an answer waits for the end of an operation. */
const patienceMs = 55_000;

/** Has a command carried out; undefined where that takes longer than an answer may. */
export async function carriedOut(
  { node }: MonkeySubject,
  command: Command,
  { caller, signal }: Asked,
): Promise<OperationResult | undefined> {
  const { done } = node.operations.submit(command, sourceOf(caller));
  const result = await Promise.race([done, untilAborted(deadline(patienceMs, signal))]);
  return result === undefined || result.handedOver === true ? undefined : result;
}
