import { describe, expect, it } from "vitest";
import { metricsFrom, type StatsSample } from "./metrics.ts";

const sample: StatsSample = {
  readMs: 1_000_000,
  cpuTotalNs: 5e9,
  onlineCpus: 4,
  memoryBytes: 256,
  memoryUsageBytes: 512,
  memoryLimitBytes: 1_024,
  netRxBytes: 1_000,
  netTxBytes: 2_000,
  blockReadBytes: 0,
  blockWriteBytes: 4_096,
  pids: 3,
};
const later: StatsSample = {
  ...sample,
  readMs: 1_010_000,
  cpuTotalNs: 5e9 + 15e9,
  netRxBytes: 11_000,
  netTxBytes: 2_000,
  blockWriteBytes: 14_096,
};

describe("metricsFrom", () => {
  it("gives the CPU in percent of one core, and rates per second, from two readings", () => {
    expect(metricsFrom(sample, later)).toMatchObject({
      cpuPercent: 150,
      memoryPercent: 25,
      netRxRate: 1_000,
      netTxRate: 0,
      blockReadRate: 0,
      blockWriteRate: 1_000,
    });
  });

  it("has no rate without an earlier reading: null, not zero", () => {
    expect(metricsFrom(undefined, sample)).toMatchObject({ cpuPercent: null, netRxRate: null, memoryBytes: 256 });
  });

  it.each([
    ["time that stood still", { ...later, readMs: sample.readMs }, "cpuPercent"],
    ["time that went backwards", { ...later, readMs: sample.readMs - 1 }, "netRxRate"],
    ["a counter that began anew", { ...later, cpuTotalNs: 1 }, "cpuPercent"],
    ["a counter that is gone", { ...later, netRxBytes: null }, "netRxRate"],
  ] as const)("makes no figure from %s", (_, now, member) => {
    expect(metricsFrom(sample, now)[member]).toBeNull();
  });

  it("knows no percentage of an unlimited memory", () => {
    expect(metricsFrom(undefined, { ...sample, memoryLimitBytes: 0 }).memoryPercent).toBeNull();
  });
});
