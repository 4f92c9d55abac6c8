import { type Behaviour, callsOf, firstFailure, recoveries, type Subject } from "./calls.ts";

export const policies = ["always", "no", "unless-stopped", "on-failure"] as const;
export type Policy = (typeof policies)[number];

/** Who dies: Gangway, Gangway and the engine with all containers, or only a connection between them. */
export type Victim = "gangway" | "machine" | "connection";

/** When it strikes: the engine never hears of the call, has it under way, or has done it and nobody hears of that. */
export type Moment = "before" | "during" | "after";

export interface Strike {
  /** Counts from 1 over the changing calls of Gangway's life. */
  readonly number: number;
  readonly call: string;
  readonly moment: Moment;
}

export interface CrashCase {
  readonly name: string;
  readonly subject: Subject;
  readonly behaviour: Behaviour;
  readonly policy: Policy;
  readonly victim: Victim;
  /** One for each life of Gangway that ends too early. */
  readonly strikes: readonly Strike[];
}

type Sort = Pick<CrashCase, "subject" | "behaviour" | "policy" | "victim"> & { readonly moment: Moment };

/** Every case of the matrix, in a fixed order. */
export function allCases(): readonly CrashCase[] {
  const deaths = (["gangway", "machine"] as const).flatMap((victim) => [
    ...policies.flatMap((policy) => everyCall({ subject: "running", policy, victim, moment: "after" })),
    ...everyCall({ subject: "stopped", policy: "unless-stopped", victim, moment: "after" }),
    ...everyCall({ subject: "paused", policy: "always", victim, moment: "after" }),
    ...everyCall({ subject: "group", policy: "always", victim, moment: "after" }),
    ...secondDeaths(victim),
  ]);
  const moments = (
    [
      ["gangway", "before"],
      ["gangway", "during"],
      ["connection", "before"],
      ["connection", "after"],
    ] as const
  ).flatMap(([victim, moment], index) => {
    const policy = policies[index] ?? "always";
    return [
      ...everyCall({ subject: "running", policy, victim, moment }),
      ...everyCall({ subject: "group", policy, victim, moment }, ["good"]),
    ];
  });
  return [...deaths, ...moments];
}

const behaviours: Readonly<Record<Subject, readonly Behaviour[]>> = {
  running: ["good", "crash-looping", "unhealthy", "missing binary"],
  stopped: ["good"],
  paused: ["good", "crash-looping"],
  group: ["good", "failing child"],
};

/** One case for each call. A bad image is like a good one until its container is started: that part is left out. */
function everyCall(sort: Omit<Sort, "behaviour">, wanted = behaviours[sort.subject]): readonly CrashCase[] {
  return wanted.flatMap((behaviour) =>
    callsOf(sort.subject, behaviour).flatMap((call, index) =>
      behaviour !== "good" && index + 1 < firstFailure(sort.subject)
        ? []
        : [caseFor({ ...sort, behaviour }, [{ number: index + 1, call, moment: sort.moment }])],
    ),
  );
}

function secondDeaths(victim: "gangway" | "machine"): readonly CrashCase[] {
  return recoveries.flatMap(({ behaviour, call, ...lists }) => {
    const number = callsOf("running", behaviour).indexOf(call) + 1;
    const first: Strike = { number, call, moment: "after" };
    const calls = (victim === "machine" ? lists.machine : undefined) ?? lists.gangway;
    const sort: Sort = { subject: "running", behaviour, policy: "always", victim, moment: "after" };
    return calls.map((second, index) => caseFor(sort, [first, { number: index + 1, call: second, moment: "after" }]));
  });
}

const verbs: Readonly<Record<Victim, string>> = {
  gangway: "Gangway dies",
  machine: "the machine dies",
  connection: "the connection breaks",
};

function caseFor({ subject, behaviour, policy, victim }: Sort, strikes: readonly Strike[]): CrashCase {
  const [first, second] = strikes.map(({ moment, number, call }) => `${moment} call ${number} (${call})`);
  const again = second === undefined ? "" : `, and again ${second} of the recovery`;
  const name = `${subject}, ${policy}, ${behaviour}: ${verbs[victim]} ${first}${again}`;
  return { name, subject, behaviour, policy, victim, strikes };
}

/** So many of the cases, always the same ones for the same seed. */
export function sampleOf(cases: readonly CrashCase[], count: number, seed: string): readonly CrashCase[] {
  const random = generatorFor(seed);
  const keyed = cases.map((one, index) => ({ one, index, key: random() }));
  const picked = keyed.toSorted((a, b) => a.key - b.key).slice(0, count);
  return picked.toSorted((a, b) => a.index - b.index).map(({ one }) => one);
}

/** Mulberry32, from the FNV-1a hash of the seed: no randomness that counts is asked of it. */
function generatorFor(seed: string): () => number {
  let state = 0x81_1c_9d_c5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01_00_01_93);
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
