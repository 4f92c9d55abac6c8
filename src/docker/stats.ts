import type Docker from "dockerode";
import type { z } from "zod";
import type { StatsSample } from "../core/metrics.ts";
import { stats as statsAnswer } from "./schema.ts";

/**
 * One sample of a container's counters: `GET /containers/{id}/stats?stream=false&one-shot=true` (API 1.41 and later).
 * Null where the container does not run: the engine answers with zeros then, and the year 1.
 */
export async function sampleContainer(docker: Docker, id: string, signal: AbortSignal): Promise<StatsSample | null> {
  const options = { stream: false as const, "one-shot": true, abortSignal: signal };
  const answer: unknown = await docker.getContainer(id).stats(options);
  return sampleFrom(statsAnswer.parse(answer));
}

/** The engine's answer as a sample; what it does not have is null, not zero. */
export function sampleFrom(answer: z.infer<typeof statsAnswer>): StatsSample | null {
  const readMs = Date.parse(answer.read);
  if (Number.isNaN(readMs) || readMs <= 0) return null;
  const { cpu_stats: cpu, memory_stats: memory, networks, blkio_stats: block } = answer;
  const interfaces = networks === null || networks === undefined ? null : Object.values(networks);
  return {
    readMs: exactMs(answer.read, readMs),
    cpuTotalNs: cpu?.cpu_usage?.total_usage ?? null,
    onlineCpus: cpu?.online_cpus ?? cpu?.cpu_usage?.percpu_usage?.length ?? null,
    memoryBytes: usedMemory(memory),
    memoryUsageBytes: memory?.usage ?? null,
    memoryLimitBytes: memory?.limit ?? null,
    netRxBytes: interfaces === null ? null : sum(interfaces.map(({ rx_bytes }) => rx_bytes ?? 0)),
    netTxBytes: interfaces === null ? null : sum(interfaces.map(({ tx_bytes }) => tx_bytes ?? 0)),
    blockReadBytes: blockBytes(block?.io_service_bytes_recursive, "r"),
    blockWriteBytes: blockBytes(block?.io_service_bytes_recursive, "w"),
    pids: answer.pids_stats?.current ?? null,
  };
}

/** `Date.parse` stops at milliseconds; the engine gives nanoseconds. */
function exactMs(text: string, ms: number): number {
  const digits = /\.(?<fraction>\d+)/.exec(text)?.groups?.["fraction"] ?? "";
  return Math.floor(ms / 1000) * 1000 + Number(`0.${digits || "0"}`) * 1000;
}

/** What `docker stats` shows: without the page cache that can be dropped (its name on cgroup v1, then on v2). */
function usedMemory(memory: z.infer<typeof statsAnswer>["memory_stats"]): number | null {
  const usage = memory?.usage;
  if (usage === null || usage === undefined) return null;
  const cache = memory?.stats?.["total_inactive_file"] ?? memory?.stats?.["inactive_file"];
  return typeof cache === "number" && cache < usage ? usage - cache : usage;
}

function blockBytes(
  entries: readonly { readonly op: string; readonly value: number }[] | null | undefined,
  letter: "r" | "w",
): number | null {
  if (entries === null || entries === undefined || entries.length === 0) return null;
  return sum(entries.filter(({ op }) => op.toLowerCase().startsWith(letter)).map(({ value }) => value));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
