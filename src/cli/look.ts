import type { Config, EngineConfig } from "../config/config.ts";
import { openEngineOf, openRegistryOf, type Surroundings } from "../connections.ts";
import type { Container } from "../core/container.ts";
import type { Engine, Inventory, Registry } from "../core/ports.ts";
import { isSelected } from "../core/selection.ts";
import { readContainers } from "../inventory/read-containers.ts";
import { type Notes, readNotes } from "./notes.ts";
import { checkOnce } from "./one-check.ts";
import { surroundingsOf } from "./surroundings.ts";
import type { Invocation, Terminal } from "./terminal.ts";

/** What all looks of one command have in common. */
export interface Lookout {
  readonly names: readonly string[];
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly notes: Notes;
}

/** One engine with its registries, as a command sees it that looks once. */
export interface Look extends AsyncDisposable {
  readonly engine: Engine;
  readonly registry: Registry;
  /** Those that the command names, or all, of the ones that are watched. */
  readonly containers: readonly Container[];
  /** An inventory of these containers in which all have been checked. */
  readonly check: (containers: readonly Container[], signal: AbortSignal) => Promise<Inventory>;
}

/** The log of such a command goes to standard error, errors only unless it asks for more. */
export async function lookoutOf(terminal: Terminal, { logLevel, names }: Invocation, config: Config): Promise<Lookout> {
  const surroundings = surroundingsOf(terminal, logLevel === undefined ? "error" : config.log.level);
  return { names, config, surroundings, notes: await readNotes(config, surroundings) };
}

/** Rejects where the engine does not answer. */
export async function lookAt(
  { names, config, surroundings, notes }: Lookout,
  engineConfig: EngineConfig,
  signal: AbortSignal,
): Promise<Look> {
  const engine = openEngineOf(engineConfig, surroundings);
  const identity = await engine.identify(signal);
  const containers = (await readContainers(engine, signal))
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(({ name, labels }) => isSelected(name, labels, config.containers));
  const registry = openRegistryOf(config, surroundings, () => identity.insecureRegistries, notes.limits);
  const { host } = engineConfig;
  const remembered = (name: string) => {
    const check = notes.check(host, name);
    return check === undefined ? {} : { check };
  };
  const remoteImages = notes.remoteImages(host);
  return {
    engine,
    registry,
    containers,
    check: (subjects, until) =>
      checkOnce({ config, engine, identity, registry, containers: subjects, remembered, remoteImages }, until),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}
