import { openEngineOf, openJournalOf, openRestoreJournalOf } from "../connections.ts";
import type { Engine } from "../core/ports.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { deadline, pause } from "../lib/time.ts";
import { finishOperation } from "../operations/finish.ts";
import { replacementSettings } from "../procedures.ts";
import { surroundingsOf } from "./surroundings.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

const patienceMs = 60_000;
const retryMs = 1_000;

/**
 * `gangway finish OPERATION`, in a helper container: carries on what a running Gangway has prepared. Writes nothing but
 * the operation's notes, and speaks to nobody but the engine. 1 where it is to be tried again.
 */
export async function finish(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const surroundings = surroundingsOf(terminal, config.log.level, terminal.output);
  const { clock, log, ownContainerId } = surroundings;
  const [operation = ""] = invocation.names;
  try {
    const journal = await openJournalOf(config, surroundings);
    const restoreJournal = await openRestoreJournalOf(config, surroundings);
    const noted = (await journal.all()).find((entry) => entry.operation === operation);
    const host = noted?.helper?.engineHost ?? "";
    const engine = openEngineOf(config.engines.find((one) => one.host === host) ?? { host }, surroundings);
    if (noted?.helper !== undefined) await meet(engine, signal);
    const settings = replacementSettings(config);
    const finished = await finishOperation(
      { engine, journal, restoreJournal, clock, log, ownContainerId, ...settings },
      operation,
      signal,
    );
    switch (finished.kind) {
      case "ended":
        log.info({ operation, state: finished.outcome.state, reason: finished.outcome.message }, "operation ended");
        return 0;
      case "unknown":
        terminal.errors.write(`gangway: there are no notes of an operation ${operation}\n`);
        return 1;
      case "unfinished":
        log.error({ operation, reason: finished.reason }, "the operation could not be finished yet");
        return 1;
    }
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

/** Agrees with the engine on a version of its API; it may not be there yet when the machine has just started. */
async function meet(engine: Pick<Engine, "identify">, signal: AbortSignal): Promise<void> {
  const limit = deadline(patienceMs, signal);
  for (;;) {
    try {
      await engine.identify(limit);
      return;
    } catch (error) {
      if (limit.aborted || !isErrorWithCode(error, "engine_unreachable", "timeout", "engine_failed")) throw error;
      await pause(retryMs, limit);
    }
  }
}
