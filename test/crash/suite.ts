import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { type Behaviour, callsOf, type Subject } from "./calls.ts";
import type { CrashCase } from "./cases.ts";
import { expectIntact } from "./intact.ts";
import { askForUpdate, beginLife, end, type Life, observeCalls, recover, resultOf, settle } from "./lives.ts";
import { type Lab, openLab, openRound, type Round } from "./round.ts";
import { tableOf } from "./table.ts";

const atOnce = 8;
/** Many at once share the machine: each of them takes long. */
const timeout = 300_000;

/** Describes the cases, and prints at the end how many there were of each kind, and how many were lost. */
export function crashSuite(cases: readonly CrashCase[], entry?: string): void {
  let bed: Bed;
  let lab: Lab;
  const lost = new Set<CrashCase>();
  const prove = async (one: CrashCase, proof: () => Promise<void>): Promise<void> => {
    lost.add(one);
    await proof();
    lost.delete(one);
  };

  beforeAll(async () => {
    bed = await openBed({ engine: true, registry: true, broker: true });
    lab = await openLab(bed, entry);
  });
  afterAll(async () => {
    await bed?.[Symbol.asyncDispose]();
    console.log(tableOf(cases, lost));
  });

  const kinds = new Map(cases.map(({ subject, behaviour }) => [`${subject}, ${behaviour}`, { subject, behaviour }]));
  describe.concurrent("the calls of an undisturbed update are what the cases count on:", { timeout }, () => {
    it.for([...kinds])("%s", async ([, { subject, behaviour }]) => {
      expect(await callsNow(lab, subject, behaviour)).toEqual(
        callsOf(subject, behaviour).map((call) => call.replace(/ .*/, "")),
      );
    });
  });

  const together = cases.filter(({ victim }) => victim === "machine");
  const alone = cases.filter(({ victim }) => victim !== "machine");
  if (alone.length > 0) {
    describe.concurrent("nothing is lost:", { timeout }, () => {
      it.for(alone.map((one) => [one.name, one] as const))("%s", ([, one]) => prove(one, () => surviveAlone(lab, one)));
    });
  }
  // The engine dies for all its containers at once: so many cases are brought to their point before it does.
  for (const batch of batchesOf(together)) {
    describe("nothing is lost:", () => {
      let outcomes: ReadonlyMap<CrashCase, PromiseSettledResult<unknown>>;
      beforeAll(async () => {
        outcomes = await surviveTogether(lab, batch);
      }, 3 * timeout);
      it.for(batch.map((one) => [one.name, one] as const))("%s", ([, one]) =>
        prove(one, () => {
          const outcome = outcomes.get(one);
          return outcome?.status === "rejected" ? Promise.reject(outcome.reason) : Promise.resolve();
        }),
      );
    });
  }
}

/** In a batch all machines die equally often. */
function batchesOf(cases: readonly CrashCase[]): readonly (readonly CrashCase[])[] {
  return [1, 2].flatMap((deaths) => {
    const alike = cases.filter(({ strikes }) => strikes.length === deaths);
    const starts = Array.from({ length: Math.ceil(alike.length / atOnce) }, (_, index) => index * atOnce);
    return starts.map((start) => alike.slice(start, start + atOnce));
  });
}

async function callsNow(lab: Lab, subject: Subject, behaviour: Behaviour): Promise<readonly string[]> {
  await using round = await openRound(lab, { subject, behaviour, policy: "always" });
  const calls = observeCalls(round);
  await using gangway = await round.start();
  await askForUpdate(round);
  await resultOf(round);
  await end(gangway);
  return calls;
}

async function surviveAlone(lab: Lab, one: CrashCase): Promise<void> {
  await using round = await openRound(lab, one);
  for (const [index, strike] of one.strikes.entries()) {
    const life = await beginLife(round, { victim: one.victim, strike, isFirst: index === 0 });
    await using gangway = life.gangway;
    await life.struck;
    if (one.victim !== "connection") continue;
    await resultOf(round);
    await settle(round);
    await end(gangway);
  }
  await recover(round);
  await expectIntact(round, one);
}

type Outcomes = Map<CrashCase, PromiseSettledResult<unknown>>;

async function surviveTogether(lab: Lab, cases: readonly CrashCase[]): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const opened = new Map<CrashCase, Round>();
  /** Does it for all that have not failed yet. */
  const forAll: ForAll = async (act) => {
    const going = cases.filter((one) => outcomes.get(one)?.status !== "rejected");
    const settled = await Promise.allSettled(going.map((one) => act(opened.get(one) as Round, one)));
    for (const [index, one] of going.entries()) outcomes.set(one, settled[index] as PromiseSettledResult<unknown>);
  };
  await Promise.all(cases.map(async (one) => opened.set(one, await openRound(lab, one))));
  try {
    for (const index of cases[0]?.strikes.keys() ?? []) await dieTogether(lab, index, forAll);
    await forAll(recover);
    await forAll(expectIntact);
    return outcomes;
  } finally {
    await Promise.allSettled([...opened.values()].map((round) => round[Symbol.asyncDispose]()));
  }
}

type ForAll = (act: (round: Round, one: CrashCase) => Promise<unknown>) => Promise<void>;

async function dieTogether({ bed }: Lab, index: number, forAll: ForAll): Promise<void> {
  const lives: Life[] = [];
  await forAll(async (round, { strikes }) => {
    const strike = strikes[index];
    if (strike === undefined) return;
    const life = await beginLife(round, { victim: "machine", strike, isFirst: index === 0 });
    lives.push(life);
    await life.struck;
  });
  await Promise.all([bed.engine.kill(), ...lives.map(({ gangway }) => gangway.kill())]);
  for (const { release } of lives) release();
  await bed.engine.start();
}
