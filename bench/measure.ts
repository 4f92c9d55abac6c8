import type { DebianRelease } from "../test/bed/debian-root.ts";
import { measureBackup } from "./backup.ts";
import { measureChanges } from "./changes.ts";
import { measureCheck } from "./check.ts";
import { measureColdCheck } from "./cold-check.ts";
import { type Samples, together } from "./figures.ts";
import { measureSlowClients, measureStatus } from "./http.ts";
import { measureIdle, measureStats } from "./idle.ts";
import { type Lab, openLab } from "./lab.ts";
import { countRepeats } from "./listener.ts";
import { measureBrokerReturn, measureEngineReturn } from "./outages.ts";
import type { Column } from "./report.ts";
import { openSession, type Session } from "./session.ts";
import { measureSlowRegistry, measureStart } from "./start.ts";
import { measureUpdates } from "./updates.ts";

export interface MeasureOptions {
  readonly containers: number;
  /** How often everything is measured. */
  readonly runs: number;
  readonly pace: Pace;
  /** The built `main.js`. */
  readonly entry: string;
  readonly release: DebianRelease | undefined;
  readonly say: (line: string) => void;
}

/** How much is measured in one run. */
export interface Pace {
  readonly starts: number;
  readonly updates: number;
  readonly idleMs: number;
  readonly statsMs: number;
  readonly brokerOutageMs: number;
  readonly engineOutageMs: number;
}

export const thorough: Pace = {
  starts: 3,
  updates: 9,
  idleMs: 60_000,
  statsMs: 120_000,
  brokerOutageMs: 20_000,
  engineOutageMs: 10_000,
};
export const quick: Pace = {
  starts: 1,
  updates: 3,
  idleMs: 20_000,
  statsMs: 60_000,
  brokerOutageMs: 5_000,
  engineOutageMs: 2_000,
};

const statsSeconds = 30;
/** Often, but with longer pauses than the end of a start is told by. */
const busyStatsSeconds = 12;
const slowRegistryMs = 100;
const msPerSecond = 1_000;

/** Measures every figure with so many containers. */
export async function measure(options: MeasureOptions): Promise<Column> {
  const { containers, release, runs, say } = options;
  await using lab = await openLab({ containers, release, say });
  const { Version: engine } = await lab.bed.engine.docker.version();
  const found: Samples[] = [];
  for (let run = 1; run <= runs; run++) {
    const told = (line: string): void => say(runs === 1 ? line : `run ${run} of ${runs}: ${line}`);
    found.push(await measureRun(lab, { ...options, say: told }));
  }
  say("a check of a hundred more images");
  found.push(await measureColdCheck(lab, options.entry));
  say("a backup of 2 GiB");
  found.push(await measureBackup(lab, options.entry));
  say("an engine that goes away and returns");
  found.push(await withSession(lab, options, 0, (session) => measureEngineOutage(session, options.pace)));
  return { containers, engine, samples: together(found) };
}

async function measureRun(lab: Lab, options: MeasureOptions): Promise<Samples> {
  const { pace, say } = options;
  const found: Samples[] = [];
  for (let start = 1; start < pace.starts; start++) {
    say(`start ${start}`);
    found.push(await withSession(lab, options, 0, measureStart));
  }
  say("start, and a minute of nothing");
  found.push(await withSession(lab, options, 0, (session) => measureLife(session, options)));
  say("statistics");
  found.push(
    await withSession(lab, options, statsSeconds, async (session) => {
      await measureStart(session);
      return await measureStats(session, pace.statsMs);
    }),
  );
  say("HTTP");
  found.push(
    await withSession(lab, options, busyStatsSeconds, async (session) => {
      await measureStart(session);
      return await measureStatus(session);
    }),
    await withSession(lab, options, 0, async (session) => {
      await measureStart(session);
      return await measureSlowClients(session);
    }),
  );
  say("a slow registry");
  lab.bed.registry.delay(slowRegistryMs);
  try {
    found.push(await withSession(lab, options, 0, measureSlowRegistry));
  } finally {
    lab.bed.registry.ok();
  }
  return together(found);
}

/** What a process goes through, from a start to a broker that goes away and returns. */
async function measureLife(session: Session, { pace, say }: MeasureOptions): Promise<Samples> {
  const found: Samples[] = [await measureStart(session), await measureIdle(session, pace.idleMs)];
  say("containers are stopped and started");
  found.push(await measureChanges(session));
  say("a check");
  found.push(await measureCheck(session));
  say("updates");
  found.push(await measureUpdates(session, pace.updates));
  const { records } = session.listener;
  found.push({ changeRepeats: [countRepeats(records)] });
  say("a broker that goes away and returns");
  found.push(await measureBrokerReturn(session, pace.brokerOutageMs));
  found.push({ peak: [session.program.usage().peakMib] });
  return together(found);
}

async function measureEngineOutage(session: Session, { engineOutageMs }: Pace): Promise<Samples> {
  await measureStart(session);
  return await measureEngineReturn(session, engineOutageMs);
}

/** Measures something of a new process, and how long that takes to end. */
async function withSession(
  lab: Lab,
  { entry }: Pick<MeasureOptions, "entry">,
  stats: number,
  measurement: (session: Session) => Promise<Samples>,
): Promise<Samples> {
  await using session = await openSession(lab, { entry, statsSeconds: stats });
  const found = await measurement(session);
  const exit = (await session.program.stop()) / msPerSecond;
  return together([found, { exit: [exit] }]);
}
