import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem } from "node:os";
import { run } from "../test/bed/programs.ts";

/** Where and with what was measured: figures of different machines do not compare. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly mosquitto: string;
  /** Of the last minute, before anything was started: others at work spoil the times. */
  readonly load: number;
}

const bytesPerGib = 2 ** 30;

export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  const system = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  // It shows its version with its help, and ends with an exit code other than 0.
  const mosquitto = await run("sh", ["-c", "mosquitto -h | head -1"]);
  return {
    processor: processors[0]?.model.trim() ?? arch(),
    cores: processors.length,
    memoryGib: Math.round(totalmem() / bytesPerGib),
    kernel: release(),
    system: system ?? "unknown",
    node: process.version,
    mosquitto: /\d[\d.]*/.exec(mosquitto)?.[0] ?? "unknown",
    load: loadavg()[0] ?? Number.NaN,
  };
}
