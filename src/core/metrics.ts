/** Counters of one container at one moment, as the engine gives them; null where the engine has none. */
export interface StatsSample {
  /** Milliseconds since 1970, by the engine's clock, with its sub-millisecond part. */
  readonly readMs: number;
  /** CPU time used so far, in nanoseconds, over all cores. */
  readonly cpuTotalNs: number | null;
  /** CPUs that the container can run on. */
  readonly onlineCpus: number | null;
  readonly memoryBytes: number | null;
  /** With the page cache that can be dropped. */
  readonly memoryUsageBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly netRxBytes: number | null;
  readonly netTxBytes: number | null;
  readonly blockReadBytes: number | null;
  readonly blockWriteBytes: number | null;
  readonly pids: number | null;
}

/** What is published of a container's use of the machine. Rates are per second; null means not known, never zero. */
export interface Metrics {
  /** Of one core, as `docker stats` shows it: 200 is two cores fully used. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  /** With the page cache that can be dropped. */
  readonly memoryUsageBytes: number | null;
  readonly memoryPercent: number | null;
  readonly memoryLimitBytes: number | null;
  readonly netRxBytes: number | null;
  readonly netTxBytes: number | null;
  readonly netRxRate: number | null;
  readonly netTxRate: number | null;
  readonly blockReadBytes: number | null;
  readonly blockWriteBytes: number | null;
  readonly blockReadRate: number | null;
  readonly blockWriteRate: number | null;
  readonly pids: number | null;
}

/** The metrics of a container that does not run. */
export const noMetrics: Metrics = {
  cpuPercent: null,
  memoryBytes: null,
  memoryUsageBytes: null,
  memoryPercent: null,
  memoryLimitBytes: null,
  netRxBytes: null,
  netTxBytes: null,
  netRxRate: null,
  netTxRate: null,
  blockReadBytes: null,
  blockWriteBytes: null,
  blockReadRate: null,
  blockWriteRate: null,
  pids: null,
};

/**
 * Metrics from a sample and the one before it. Rates and the CPU percentage need both, of the same run of the
 * container: without `before`, or where time or a counter went backwards, they are null.
 *
 * The CPU percentage is taken over the time between the two readings, not over the engine's `system_cpu_usage`:
 * that is what `docker stats` computes on Docker, and it stays right on Podman, whose system figure leaves idle time out.
 */
export function metricsFrom(before: StatsSample | undefined, now: StatsSample): Metrics {
  const seconds = before === undefined ? 0 : (now.readMs - before.readMs) / 1000;
  const rate = (member: keyof StatsSample): number | null =>
    before === undefined ? null : rateBetween(before[member], now[member], seconds);
  const cpuNsPerSecond = rate("cpuTotalNs");
  return {
    cpuPercent: cpuNsPerSecond === null ? null : cpuNsPerSecond / 1e7,
    memoryBytes: now.memoryBytes,
    memoryUsageBytes: now.memoryUsageBytes,
    memoryPercent: percentOf(now.memoryBytes, now.memoryLimitBytes),
    memoryLimitBytes: now.memoryLimitBytes,
    netRxBytes: now.netRxBytes,
    netTxBytes: now.netTxBytes,
    netRxRate: rate("netRxBytes"),
    netTxRate: rate("netTxBytes"),
    blockReadBytes: now.blockReadBytes,
    blockWriteBytes: now.blockWriteBytes,
    blockReadRate: rate("blockReadBytes"),
    blockWriteRate: rate("blockWriteBytes"),
    pids: now.pids,
  };
}

function rateBetween(before: number | null, now: number | null, seconds: number): number | null {
  if (before === null || now === null || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}

function percentOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : (part / whole) * 100;
}
