const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * How long a 429 asks to wait, in whole milliseconds: `Retry-After` in seconds or as an HTTP date (RFC 9110, section
 * 10.2.3), else the Go duration in GHCR's body (`toomanyrequests: retry-after: 331.163µs, allowed: 44000/minute`).
 * Undefined where neither says.
 */
export function retryAfterMsFrom(header: string | undefined, body: string, now: number): number | undefined {
  const value = header?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const duration = /retry-after:\s*((?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+)/i.exec(body)?.[1];
  return duration === undefined ? undefined : Math.ceil(goDurationMs(duration));
}

function goDurationMs(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/gi)]
    .map(([, amount = "", unit = ""]) => Number(amount) * (unitMs[unit.toLowerCase()] ?? 0))
    .reduce((sum, ms) => sum + ms, 0);
}
