import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bed } from "./bed.ts";
import { startDaemon } from "./daemon.ts";
import { canConnect, freePort } from "./ports.ts";
import { eventually } from "./wait.ts";

/** Starts a mosquitto with lines of configuration of its own in the bed; resolves with its port on 127.0.0.1. */
export async function startMosquitto(bed: Bed, name: string, lines: readonly string[]): Promise<number> {
  const port = await freePort();
  const file = join(bed.directory, `${name}.conf`);
  await writeFile(file, ["user root", `listener ${port} 127.0.0.1`, ...lines, ""].join("\n"));
  const daemon = await startDaemon({ directory: bed.directory, name, command: "mosquitto", args: ["-c", file] });
  await eventually(
    () => {
      if (!daemon.isRunning()) throw new Error(daemon.log());
      return canConnect(port);
    },
    "mosquitto to answer",
    10_000,
  );
  return port;
}
