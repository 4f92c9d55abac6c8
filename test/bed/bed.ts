import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BedBroker, openBroker } from "./broker.ts";
import { debianRoot } from "./debian-root.ts";
import { type BedEngine, openEngine } from "./engine.ts";
import { canBeNative, ensurePackages, missingPackages, type NeedName } from "./packages.ts";
import { type BedOptions, chosen, type Parts } from "./parts.ts";
import { programEnvironment } from "./programs.ts";
import { type BedRegistry, openRegistry } from "./registry.ts";
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

/**
 * Opens a bed. Its processes, containers and files go when it is closed, and also when the process that opened it dies
 * without closing it. Throws one line that says what is missing where no bed is possible.
 */
export async function openBed(options: BedOptions): Promise<Bed> {
  const open = await openerFor(options);
  const directory = await mkdtemp(directoryPattern(tmpdir()));
  const reaper = await startReaper(directory);
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await removeTraces(directory);
    await dismiss(reaper);
  });
  const parts = await open(directory, options, undo);
  const opened = undo.move();
  return {
    directory,
    get engine() {
      return part(parts.engine, "an engine");
    },
    get registry() {
      return part(parts.registry, "a registry");
    },
    get broker() {
      return part(parts.broker, "a broker");
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

type Opener = (directory: string, options: BedOptions, undo: AsyncDisposableStack) => Promise<Parts>;

/** The container mode is imported only where it is used: testcontainers takes a second to load. */
async function openerFor(options: BedOptions): Promise<Opener> {
  const needs = needsOf(options);
  if (options.kind === "native" || (options.kind === undefined && canBeNative(needs))) {
    const say = options.say ?? ((line) => console.error(line));
    await ensurePackages(needs, say);
    const { release } = chosen(options.engine) ?? {};
    const root = release && (await debianRoot(release, say));
    return (directory, wishes, undo) => openNative(directory, wishes, undo, root);
  }
  const { engineAnswers, openInContainers } = await import("./container-bed.ts");
  if (await engineAnswers()) return openInContainers;
  const missing = missingPackages(needs);
  const wanted = missing.length === 0 ? "" : ` (missing here: ${missing.join(", ")})`;
  throw new Error(`this takes root on Debian or Ubuntu${wanted}, or a Docker engine that answers: neither is here`);
}

async function openNative(
  directory: string,
  options: BedOptions,
  undo: AsyncDisposableStack,
  root: string | undefined,
): Promise<Parts> {
  const registry = options.registry && (await openRegistry(directory, chosen(options.registry)));
  if (registry !== undefined) undo.defer(registry.close);
  const loopback = new Map(registry === undefined ? [] : [[registry.port, registry.accept]]);
  const openingEngine = options.engine && openEngine({ directory, loopback, root }, chosen(options.engine));
  const openingBroker = options.broker && openBroker(directory, chosen(options.broker));
  // Were one to fail while the other is still opening, that one would open into a directory that is being removed.
  await Promise.allSettled([openingEngine, openingBroker]);
  const engine = await openingEngine;
  if (engine !== undefined) undo.defer(engine.kill);
  return { engine, registry: registry?.registry, broker: await openingBroker };
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
