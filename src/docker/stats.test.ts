import { describe, expect, it } from "vitest";
import { stats } from "./schema.ts";
import { sampleFrom } from "./stats.ts";

const running = {
  read: "2026-11-21T09:00:00.123456789Z",
  cpu_stats: { cpu_usage: { total_usage: 5_000, percpu_usage: [1, 2] }, online_cpus: 2 },
  memory_stats: { usage: 1_000, limit: 4_000, stats: { total_inactive_file: 300 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 20 }, eth1: { rx_bytes: 1, tx_bytes: 2 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: "Read", value: 5 },
      { op: "Write", value: 7 },
      { op: "read", value: 1 },
      { op: "Sync", value: 99 },
    ],
  },
  pids_stats: { current: 3 },
};
const sample = (more: object): ReturnType<typeof sampleFrom> => sampleFrom(stats.parse({ ...running, ...more }));

describe("sampleFrom", () => {
  it("sums interfaces and devices, and leaves droppable cache out of the memory", () => {
    expect(sample({})).toMatchObject({
      cpuTotalNs: 5_000,
      onlineCpus: 2,
      memoryBytes: 700,
      memoryUsageBytes: 1_000,
      memoryLimitBytes: 4_000,
      netRxBytes: 11,
      netTxBytes: 22,
      blockReadBytes: 6,
      blockWriteBytes: 7,
      pids: 3,
    });
  });

  it("keeps the time below a millisecond", () => {
    expect(sample({})?.readMs).toBeCloseTo(Date.parse("2026-11-21T09:00:00Z") + 123.456789, 3);
  });

  it("takes the cache by its name on cgroup v2", () => {
    expect(sample({ memory_stats: { usage: 1_000, limit: 4_000, stats: { inactive_file: 100 } } })?.memoryBytes).toBe(
      900,
    );
  });

  it("does not subtract a cache that is larger than the use, nor where the engine tells none", () => {
    expect(sample({ memory_stats: { usage: 10, stats: { inactive_file: 100 } } })?.memoryBytes).toBe(10);
    expect(sample({ memory_stats: { usage: 10, stats: null } })?.memoryBytes).toBe(10);
  });

  it("has null, not zero, where the engine has nothing", () => {
    const none = {
      networks: undefined,
      blkio_stats: { io_service_bytes_recursive: null },
      memory_stats: {},
      pids_stats: {},
    };

    expect(sample(none)).toMatchObject({
      netRxBytes: null,
      netTxBytes: null,
      blockReadBytes: null,
      memoryBytes: null,
      pids: null,
    });
  });

  it("is null for a container that does not run", () => {
    expect(sample({ read: "0001-01-01T00:00:00Z" })).toBeNull();
  });
});
