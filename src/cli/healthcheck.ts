import { messageOf } from "../lib/errors.ts";
import { ownAddress } from "./own-address.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

const timeoutMs = 5_000;

/** `gangway healthcheck`: does the Gangway of this configuration answer `/healthz`? */
export async function healthcheck(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const url = `${ownAddress(config)}/healthz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (answer.ok) return 0;
    terminal.errors.write(`gangway: ${url} answers ${answer.status}\n`);
  } catch (error) {
    terminal.errors.write(`gangway: ${url} does not answer: ${messageOf(error)}\n`);
  }
  return 1;
}
