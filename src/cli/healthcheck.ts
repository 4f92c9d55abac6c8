import { messageOf } from "../lib/errors.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

const timeoutMs = 5_000;

/** `gangway healthcheck`: does the Gangway of this configuration answer `/healthz`? */
export async function healthcheck(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const { host, port } = config.http.listen;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const url = `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}/healthz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (answer.ok) return 0;
    terminal.errors.write(`gangway: ${url} answers ${answer.status}\n`);
  } catch (error) {
    terminal.errors.write(`gangway: ${url} does not answer: ${messageOf(error)}\n`);
  }
  return 1;
}
