import type { CrashCase } from "./cases.ts";

const dimensions: Readonly<Record<string, (one: CrashCase) => string>> = {
  dies: ({ victim }) => victim,
  when: ({ strikes }) => strikes[0]?.moment ?? "",
  twice: ({ strikes }) => (strikes.length > 1 ? "again while recovering" : "once"),
  subject: ({ subject }) => subject,
  image: ({ behaviour }) => behaviour,
  policy: ({ policy }) => policy,
};

/** How many cases there were of each kind, and how many of them were lost. */
export function tableOf(cases: readonly CrashCase[], lost: ReadonlySet<CrashCase>): string {
  const line = (dimension: string, kind: string, alike: readonly CrashCase[]): string => {
    const losses = alike.filter((one) => lost.has(one)).length;
    return `${dimension.padEnd(10)}${kind.padEnd(26)}${String(alike.length).padStart(6)}${String(losses).padStart(8)}`;
  };
  const lines = Object.entries(dimensions).flatMap(([dimension, kindOf]) =>
    [...Map.groupBy(cases, kindOf)].map(([kind, alike]) => line(dimension, kind, alike)),
  );
  const head = `${"".padEnd(36)}${"cases".padStart(6)}${"losses".padStart(8)}`;
  return ["", head, ...lines, line("all", "", cases), ""].join("\n");
}
