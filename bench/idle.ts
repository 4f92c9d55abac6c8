import { setTimeout as timer } from "node:timers/promises";
import type { Samples } from "./figures.ts";
import type { Session } from "./session.ts";

const msPerMinute = 60_000;

interface Idling {
  /** Per minute. */
  readonly cpuSeconds: number;
  readonly messages: number;
  readonly residentMib: number;
}

/** Nothing happens for `ms` milliseconds. */
async function idle({ program, listener }: Session, ms: number): Promise<Idling> {
  const before = program.usage();
  const from = listener.records.length;
  await program.during(timer(ms));
  const after = program.usage();
  const minutes = ms / msPerMinute;
  return {
    cpuSeconds: (after.cpuSeconds - before.cpuSeconds) / minutes,
    messages: (listener.records.length - from) / minutes,
    residentMib: after.residentMib,
  };
}

export async function measureIdle(session: Session, ms: number): Promise<Samples> {
  const { cpuSeconds, messages, residentMib } = await idle(session, ms);
  return { idleCpu: [cpuSeconds], idleMessages: [messages], settled: [residentMib] };
}

/** Best over a multiple of the statistics' interval. */
export async function measureStats(session: Session, ms: number): Promise<Samples> {
  const { cpuSeconds, residentMib } = await idle(session, ms);
  return { statsCpu: [cpuSeconds], settledWithStats: [residentMib] };
}
