import type { Config } from "../config/config.ts";
import { messageOf } from "../lib/errors.ts";
import { type Ended, openBackupWork } from "./backup-work.ts";
import { progressLine } from "./progress-line.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway backup NAME…` or `--all`: writes backups; 1 where not all of them could be made. */
export async function backup(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const line = progressLine(terminal);
  try {
    const isGood = await backUp(terminal, invocation, config, line, signal);
    return isGood ? 0 : 1;
  } catch (error) {
    line.clear();
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

async function backUp(
  terminal: Terminal,
  invocation: Invocation,
  config: Config,
  line: ReturnType<typeof progressLine>,
  signal: AbortSignal,
): Promise<boolean> {
  await using work = await openBackupWork(terminal, invocation, config, line.show, signal);
  let isGood = true;
  const tell = (ended: Ended): void => {
    line.clear();
    isGood &&= ended.isGood;
    tellEnd(terminal, ended);
  };
  if (invocation.isAll) for (const ended of await work.backUpAll()) tell(ended);
  for (const name of invocation.names) if (!signal.aborted) tell(await work.backUp(name));
  return isGood && !signal.aborted;
}

/** Prints how an operation has ended. */
export function tellEnd({ output, errors, secrets }: Terminal, { isGood, message }: Ended): void {
  if (isGood) output.write(`${secrets.redact(message)}\n`);
  else errors.write(`gangway: ${secrets.redact(message)}\n`);
}
