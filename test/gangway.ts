import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Bed } from "./bed/bed.ts";

/** A line of Gangway's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A Gangway process under test. */
export interface GangwayProcess extends AsyncDisposable {
  readonly pid: number;
  readonly log: () => readonly LogLine[];
  /** What it wrote to standard error. */
  readonly errors: () => string;
  /** Resolves with the first line, past or to come, that `matches`. */
  readonly logged: (matches: (line: LogLine) => boolean, ms?: number) => Promise<LogLine>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Sends SIGTERM and resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
  /** Sends SIGKILL and resolves when it is dead. */
  readonly kill: () => Promise<void>;
}

export interface GangwayOptions {
  /** As in `config.yaml`; the node is `bed` and the data is kept in `dataDir`, unless it says otherwise. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** A new one, if absent. */
  readonly dataDir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** `src/main.ts`, if absent. */
  readonly entry?: string;
}

/** A configuration for the parts of a bed: short waits, no statistics, any free port. */
export function configFor(bed: Bed, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    engines: [{ node: "bed", host: bed.engine.host }],
    mqtt: { url: bed.broker.url },
    http: { listen: "127.0.0.1:0" },
    stats: { interval: 0 },
    update: { stable_for: "500ms", health_timeout: "10s" },
    log: { level: "debug" },
    ...more,
  };
}

/** A directory for Gangway's data in the bed. */
export async function dataDirectory(bed: Bed): Promise<string> {
  await mkdir(join(bed.directory, "data-of-gangway"), { recursive: true });
  return await mkdtemp(join(bed.directory, "data-of-gangway", "run-"));
}

/** Lets the programs of a bed share what they have compiled: a start is mostly that. */
export function compileCache({ directory }: Pick<Bed, "directory">): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: join(directory, "compile-cache") };
}

/** Starts `gangway run` on a bed. */
export async function startGangway(bed: Bed, options: GangwayOptions = {}): Promise<GangwayProcess> {
  const dataDir = options.dataDir ?? (await dataDirectory(bed));
  const configFile = join(dataDir, "config.yaml");
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify({ data_dir: dataDir, ...(options.config ?? configFor(bed)) }));
  const entry = options.entry ?? join(import.meta.dirname, "..", "src", "main.ts");
  const child = spawn(process.execPath, [entry, "run", "--config", configFile], {
    cwd: dataDir,
    env: { PATH: process.env["PATH"], HOME: dataDir, ...compileCache(bed), ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await once(child, "spawn");
  return processFrom(child);
}

function processFrom(child: ChildProcess): GangwayProcess {
  const lines: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString("utf8");
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      for (const look of waiting) look(line);
    });
  }
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }) as Awaited<GangwayProcess["exited"]>);
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return (await exited).code;
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    log: () => lines,
    errors: () => errors,
    exited,
    stop,
    kill,
    logged: async (matches, ms = 20_000) => {
      const known = lines.find(matches);
      if (known !== undefined) return known;
      const found = Promise.withResolvers<LogLine>();
      const look = (line: LogLine): void => {
        if (matches(line)) found.resolve(line);
      };
      waiting.add(look);
      const timer = setTimeout(() => {
        const last = lines.slice(-10).map((line) => JSON.stringify(line));
        found.reject(new Error(`waited ${ms} ms in vain for a log line; the last were\n${last.join("\n")}\n${errors}`));
      }, ms);
      try {
        return await found.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(look);
      }
    },
    [Symbol.asyncDispose]: kill,
  };
}
