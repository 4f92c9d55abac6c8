import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BedBroker, type BrokerOptions, openBroker } from "./broker.ts";
import { debianRoot } from "./debian-root.ts";
import { type BedEngine, type EngineOptions, openEngine } from "./engine.ts";
import { ensurePackages, type NeedName } from "./packages.ts";
import { programEnvironment } from "./programs.ts";
import { type BedRegistry, openRegistry, type RegistryOptions } from "./registry.ts";
import { directoryPattern, removeTraces } from "./traces.ts";

/** A throw-away engine, registry and broker; closing it leaves nothing behind. */
export interface Bed extends AsyncDisposable {
  /** Where all its files are; tests may put their own there. */
  readonly directory: string;
  /** Each of these throws where the bed was opened without it. */
  readonly engine: BedEngine;
  readonly registry: BedRegistry;
  readonly broker: BedBroker;
}

/** The parts that are wanted; `true` for one without further wishes. */
export interface BedOptions {
  readonly engine?: EngineOptions | true;
  readonly registry?: RegistryOptions | true;
  readonly broker?: BrokerOptions | true;
  /** Told in one line what is going to be installed; standard error, if absent. */
  readonly say?: (line: string) => void;
}

/**
 * Opens a bed. Its processes and files go when it is closed, and also when the process that opened it dies without
 * closing it.
 */
export async function openBed(options: BedOptions): Promise<Bed> {
  const say = options.say ?? ((line) => console.error(line));
  await ensurePackages(needsOf(options), say);
  const wishes = chosen(options.engine);
  const root = wishes?.release && (await debianRoot(wishes.release, say));
  const directory = await mkdtemp(directoryPattern(tmpdir()));
  const reaper = await startReaper(directory);
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await removeTraces(directory);
    await dismiss(reaper);
  });
  const registry = options.registry && (await openRegistry(directory, chosen(options.registry)));
  if (registry !== undefined) undo.defer(registry.close);
  const loopback = new Map(registry === undefined ? [] : [[registry.port, registry.accept]]);
  const openingEngine = options.engine && openEngine({ directory, loopback, root }, wishes);
  const openingBroker = options.broker && openBroker(directory, chosen(options.broker));
  // Were one to fail while the other is still opening, that one would open into a directory that is being removed.
  await Promise.allSettled([openingEngine, openingBroker]);
  const engine = await openingEngine;
  if (engine !== undefined) undo.defer(engine.kill);
  const broker = await openingBroker;
  const opened = undo.move();
  return {
    directory,
    get engine() {
      return part(engine, "an engine");
    },
    get registry() {
      return part(registry?.registry, "a registry");
    },
    get broker() {
      return part(broker, "a broker");
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function needsOf({ engine, registry, broker }: BedOptions): readonly NeedName[] {
  return [
    "namespaces",
    ...(engine ? ["engine" as const] : []),
    ...(registry ? ["registry" as const] : []),
    ...(broker ? ["broker" as const] : []),
    ...(chosen(engine)?.release ? ["release" as const] : []),
  ];
}

function chosen<T>(wish: T | true | undefined): T | undefined {
  return wish === true ? undefined : wish;
}

function part<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`this bed was opened without ${name}`);
  return value;
}

/**
 * A shell that waits for the end of its input and then cleans up. It costs next to nothing, and the kernel closes its
 * input however this process ends.
 */
async function startReaper(directory: string): Promise<ChildProcess> {
  const wait = 'read -r done && exit; exec "$0" "$1" "$2"';
  const script = join(import.meta.dirname, "reaper.ts");
  const child = spawn("sh", ["-c", wait, process.execPath, script, directory], {
    detached: true,
    cwd: "/",
    env: programEnvironment({ NODE_OPTIONS: "" }),
    stdio: ["pipe", "ignore", "ignore"],
  });
  await once(child, "spawn");
  child.unref();
  return child;
}

async function dismiss(reaper: ChildProcess): Promise<void> {
  const exited = once(reaper, "exit");
  reaper.ref();
  reaper.stdin?.end("done\n");
  await exited;
}
