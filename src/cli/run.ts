import { runGangway } from "../gangway.ts";
import { messageOf } from "../lib/errors.ts";
import { surroundingsOf } from "./surroundings.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway run`: serves until `signal` aborts. */
export async function run(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const surroundings = surroundingsOf(terminal, config.log.level, terminal.output);
  try {
    await runGangway(config, surroundings, signal);
    return 0;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}
