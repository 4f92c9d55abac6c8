import { bytesText } from "../core/prune/prune.ts";
import { messageOf } from "../lib/errors.ts";
import { backupPlaces } from "./backup-files.ts";
import { tableText } from "./table.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway backups [NAME…]`: the backups that there are, newest first. Only looks into the directory. */
export async function backups(terminal: Terminal, invocation: Invocation): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const { names, json } = invocation;
  try {
    const places = await backupPlaces(config);
    const lists = places.map(async ({ node = null, vault }) =>
      (await vault.list()).map(({ file, container, createdAt, compression, bytes }) => {
        return { node, file, container, created_at: createdAt, compression, bytes };
      }),
    );
    const rows = (await Promise.all(lists))
      .flat()
      .filter(({ container }) => names.length === 0 || names.includes(container));
    const text = tableText(
      ["FILE", "CONTAINER", "MADE AT", "SIZE"],
      rows.map(({ file, container, created_at: at, bytes }) => [file, container, at, bytesText(bytes)]),
    );
    terminal.output.write(json ? `${JSON.stringify(rows, null, 2)}\n` : text);
    return 0;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}
