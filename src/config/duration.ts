/** A span of time from the configuration. */
export interface Duration {
  readonly ms: number;
}

const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const part = "(?:\\d+(?:\\.\\d+)?)(?:ms|s|m|h|d)";

/** `180s`, `15m`, `6h`, `1d`, `500ms`, several of them in a row (`1h30m`), or a bare number of seconds. */
export const durationPattern = new RegExp(`^(?:\\d+(?:\\.\\d+)?|(?:${part})+)$`);

/** Reads a duration; undefined where `value` is none. Fractions of a millisecond are rounded. */
export function durationFrom(value: string | number): Duration | undefined {
  if (typeof value === "number")
    return value >= 0 && Number.isFinite(value) ? { ms: Math.round(value * 1_000) } : undefined;
  const text = value.trim();
  if (!durationPattern.test(text)) return undefined;
  if (/^[\d.]+$/.test(text)) return { ms: Math.round(Number(text) * 1_000) };
  let ms = 0;
  for (const match of text.matchAll(/(?<amount>[\d.]+)(?<unit>ms|s|m|h|d)/g)) {
    const unit = match.groups?.["unit"] as keyof typeof units;
    ms += Number(match.groups?.["amount"]) * units[unit];
  }
  return { ms: Math.round(ms) };
}

/** The shortest text in one unit that `durationFrom` reads back as the same duration. */
export function durationText(duration: Duration): string {
  for (const [unit, ms] of Object.entries(units)) {
    if (duration.ms > 0 && duration.ms % ms === 0) return `${duration.ms / ms}${unit}`;
  }
  return "0s";
}
