import type { Config, EngineConfig } from "../config/config.ts";
import { openEngineOf, openRegistryOf } from "../connections.ts";
import { currentCheck, installedVersion, latestVersion } from "../core/entry.ts";
import type { Entry } from "../core/ports.ts";
import { isSelected } from "../core/selection.ts";
import { readContainers } from "../inventory/read-containers.ts";
import { messageOf } from "../lib/errors.ts";
import { checkOnce } from "./one-check.ts";
import { surroundingsOf } from "./surroundings.ts";
import { tableText } from "./table.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** One line of the table, and one object of `--json`. */
interface Row {
  readonly container: string;
  readonly image: string;
  readonly status: string;
  readonly installed: string;
  readonly latest: string | null;
  readonly reason: string;
}

/** `gangway check [NAME…]`: one look at the registries; 10 where there are updates, 1 where one could not be asked. */
export async function check(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  try {
    const rows = (
      await Promise.all(config.engines.map((engine) => rowsOf(terminal, invocation, config, engine, signal)))
    ).flat();
    const unknown = invocation.names.filter((name) => !rows.some(({ container }) => container === name));
    for (const name of unknown) terminal.errors.write(`gangway: there is no container named ${name}\n`);
    terminal.output.write(
      invocation.json ? `${JSON.stringify(rows, null, 2)}\n` : tableText(headings, rows.map(cells)),
    );
    return exitCodeFor(rows, unknown);
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

const headings = ["CONTAINER", "IMAGE", "STATUS", "INSTALLED", "LATEST", "REASON"];

function cells({ container, image, status, installed, latest, reason }: Row): readonly string[] {
  return [container, image, status, installed, latest ?? "?", reason];
}

function exitCodeFor(rows: readonly Row[], unknown: readonly string[]): ExitCode {
  if (unknown.length > 0) return 1;
  if (rows.some(({ status }) => status === "update_available")) return 10;
  return rows.some(({ status }) => status === "registry_error") ? 1 : 0;
}

async function rowsOf(
  terminal: Terminal,
  invocation: Invocation,
  config: Config,
  engineConfig: EngineConfig,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const surroundings = surroundingsOf(terminal, invocation.logLevel === undefined ? "error" : config.log.level);
  const engine = openEngineOf(engineConfig, surroundings);
  const identity = await engine.identify(signal);
  await using registry = openRegistryOf(config, surroundings, () => identity.insecureRegistries);
  const containers = (await readContainers(engine, signal))
    .filter(({ name }) => invocation.names.length === 0 || invocation.names.includes(name))
    .filter(({ name, labels }) => isSelected(name, labels, config.containers));
  const inventory = await checkOnce({ config, engine, identity, registry, containers }, signal);
  return inventory.all().map(rowFrom);
}

function rowFrom(entry: Entry): Row {
  const found = currentCheck(entry);
  return {
    container: entry.container.name,
    image: entry.container.image,
    status: found?.status ?? "unknown_image",
    installed: installedVersion(entry),
    latest: latestVersion(entry) ?? null,
    reason: found?.reason ?? "",
  };
}
