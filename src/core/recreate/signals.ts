/** Signals by name, as Linux numbers them on all architectures that Docker runs on but MIPS (signal(7)). */
const numbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
  RTMIN: 34,
  RTMAX: 64,
};

/** Do two texts (`SIGTERM`, `term`, `15`, `SIGRTMIN+3`) mean the same signal? None at all means SIGTERM to the engine. */
export function isSameSignal(one: string | undefined, other: string | undefined): boolean {
  return numberOf(one) === numberOf(other);
}

function numberOf(text: string | undefined): number | string {
  const name = (text || "TERM").toUpperCase().replace(/^SIG/, "");
  if (/^\d+$/.test(name)) return Number(name);
  const {
    base = name,
    sign = "+",
    offset = "0",
  } = /^(?<base>[A-Z]+)(?<sign>[+-])(?<offset>\d+)$/.exec(name)?.groups ?? {};
  const number = numbers[base];
  if (number === undefined) return name;
  return sign === "+" ? number + Number(offset) : number - Number(offset);
}
