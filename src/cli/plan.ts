import { resolve } from "node:path";
import type { EngineConfig } from "../config/config.ts";
import { wayToEngineOf } from "../connections.ts";
import type { OutcomeState, UpdatePlan } from "../core/operation.ts";
import { trackingFor } from "../core/tag-tracking.ts";
import { messageOf } from "../lib/errors.ts";
import { compareNaturally } from "../lib/text.ts";
import { dryRun } from "../operations/dry-run.ts";
import { type Lookout, lookAt, lookoutOf } from "./look.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** What the update of one container would be. */
interface Row {
  readonly container: string;
  /** `unchanged`: as for a dry run; `rejected` where it would be refused, `failed` where it cannot be told. */
  readonly state: OutcomeState;
  readonly message: string;
  readonly plan?: UpdatePlan;
}

/** `gangway plan [NAME…]`: what updates would do. Changes nothing; 1 where one would be refused or cannot be told. */
export async function plan(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  try {
    const lookout = await lookoutOf(terminal, invocation, config);
    const rows: Row[] = [];
    for (const engine of config.engines) rows.push(...(await rowsOf(terminal, lookout, engine, signal)));
    const unknown = invocation.names.filter((name) => !rows.some(({ container }) => container === name));
    for (const name of unknown) terminal.errors.write(`gangway: there is no container named ${name}\n`);
    terminal.output.write(`${JSON.stringify(rows, null, 2)}\n`);
    return unknown.length > 0 || rows.some(({ state }) => state !== "unchanged") ? 1 : 0;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

async function rowsOf(
  { secrets }: Terminal,
  lookout: Lookout,
  engineConfig: EngineConfig,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const { config, surroundings } = lookout;
  await using look = await lookAt(lookout, engineConfig, signal);
  const { engine, registry } = look;
  const names = look.containers.map(({ name }) => name).sort(compareNaturally);
  // Which tag a container would be given is for a check to find out.
  const inventory = await look.check(
    look.containers.filter((container) => trackingFor(container, config) !== undefined),
    signal,
  );
  const deps = {
    engine,
    registry,
    inventory,
    // A Gangway that runs has its own: what is unfinished there is said by itself.
    journal: { all: () => Promise.resolve([]) },
    backupJournal: { all: () => Promise.resolve([]) },
    restoreJournal: { all: () => Promise.resolve([]) },
    ownContainerId: surroundings.ownContainerId,
    wayToEngine: wayToEngineOf(engineConfig.host),
    engineHost: engineConfig.host,
    dataDir: resolve(config.dataDir),
  };
  const rows: Row[] = [];
  for (const container of names) {
    try {
      const { state, message, plan: found } = await dryRun(deps, { kind: "update", container }, signal);
      rows.push({ container, state, message, ...(found === undefined ? {} : { plan: found }) });
    } catch (error) {
      rows.push({ container, state: "failed", message: secrets.redact(messageOf(error)) });
    }
  }
  return rows;
}
