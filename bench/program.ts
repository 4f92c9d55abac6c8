import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bed } from "../test/bed/bed.ts";
import { freePort } from "../test/bed/ports.ts";
import { node } from "./topics.ts";
import { type Usage, usageOf } from "./usage.ts";

/** The program that is measured, in a process of its own. */
export interface Program extends AsyncDisposable {
  /** When it was started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Where its HTTP server listens; nobody is asked for a key. */
  readonly origin: string;
  readonly usage: () => Usage;
  /** Sends SIGTERM and waits for the end; gives the milliseconds that this took. */
  readonly stop: () => Promise<number>;
  /** Passes on what `work` comes to, or says what the program said last, should it end meanwhile. */
  readonly during: <T>(work: Promise<T>) => Promise<T>;
}

export interface ProgramOptions {
  /** The built `main.js`. */
  readonly entry: string;
  /** Statistics every so often; 0 for none. */
  readonly statsSeconds: number;
  /** Members of the configuration that are to be others. */
  readonly settings?: object;
}

const repository = join(import.meta.dirname, "..");
/** How long a new container must stay up to pass its gate. */
export const stableForMs = 2_000;

/** Starts the program on the parts of a bed, knowing nothing of earlier runs. */
export async function startProgram(bed: Bed, options: ProgramOptions): Promise<Program> {
  const directory = await directoryIn(bed);
  const config = join(directory, "config.yaml");
  const port = await freePort();
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ ...configFor(bed, directory, options), http: httpOn(port) }));
  const logFile = join(directory, "log");
  await using log = await open(logFile, "a");
  const startedAt = Date.now();
  const command = [process.execPath, ...nodeOptions(), options.entry, "run", "--config", config];
  // It must not outlive this process, however that ends.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory },
    stdio: ["ignore", log.fd, log.fd],
  });
  const exited = once(child, "exit");
  await once(child, "spawn");
  const { pid = 0 } = child;
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const failure = exited.then(([code]) => {
    throw new Error(`the program ended with exit code ${String(code)}:\n${lastLines(readFileSync(logFile, "utf8"))}`);
  });
  failure.catch(() => {});
  return {
    startedAt,
    origin: `http://127.0.0.1:${port}`,
    usage: () => usageOf(pid),
    stop: async () => {
      const asked = performance.now();
      child.kill("SIGTERM");
      await exited;
      return performance.now() - asked;
    },
    during: (work) => Promise.race([work, failure]),
    [Symbol.asyncDispose]: async () => {
      if (!isRunning()) return;
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function directoryIn(bed: Bed): Promise<string> {
  const parent = join(bed.directory, "programs");
  await mkdir(parent, { recursive: true });
  return await mkdtemp(join(parent, "run-"));
}

function configFor(bed: Bed, directory: string, { statsSeconds, settings }: ProgramOptions): object {
  return {
    data_dir: join(directory, "data"),
    engines: [{ node, host: bed.engine.host }],
    mqtt: { url: bed.broker.url },
    stats: { interval: statsSeconds },
    // Once at the start, and then only when told to.
    check: { schedule: "24h" },
    update: { stable_for: `${stableForMs}ms` },
    ...settings,
  };
}

function httpOn(port: number): object {
  return { listen: `127.0.0.1:${port}`, enabled: true, auth: false };
}

/** The options that the image starts Node.js with. */
export function nodeOptions(): readonly string[] {
  const script = readFileSync(join(repository, "docker/entrypoint.sh"), "utf8");
  const options = /\bnode (.*?)\/app\/dist\/main\.js/.exec(script)?.[1];
  if (options === undefined) throw new Error("docker/entrypoint.sh does not tell how the image starts Node.js");
  return options.split(" ").filter((option) => option !== "");
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-10).join("\n");
}
