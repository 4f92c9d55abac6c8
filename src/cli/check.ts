import type { EngineConfig } from "../config/config.ts";
import { currentCheck, installedVersion, latestVersion } from "../core/entry.ts";
import type { Entry } from "../core/ports.ts";
import { messageOf } from "../lib/errors.ts";
import { type Lookout, lookAt, lookoutOf } from "./look.ts";
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
    const lookout = await lookoutOf(terminal, invocation, config);
    const rows = (await Promise.all(config.engines.map((engine) => rowsOf(lookout, engine, signal)))).flat();
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

async function rowsOf(lookout: Lookout, engine: EngineConfig, signal: AbortSignal): Promise<readonly Row[]> {
  await using look = await lookAt(lookout, engine, signal);
  return (await look.check(look.containers, signal)).all().map(rowFrom);
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
