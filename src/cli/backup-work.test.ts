import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loaded } from "../../test/configuration.ts";
import { createSecrets } from "../lib/log.ts";
import { openBackupWork } from "./backup-work.ts";
import type { Invocation, Terminal } from "./terminal.ts";

it("does not begin as root in a data directory that is another user's", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "gangway-work-"));
  // Whoever else runs the tests is another user than root.
  if (process.getuid?.() === 0) await chown(dataDir, 990, 990);
  const config = loaded({ secrets: createSecrets(), yaml: `data_dir: ${dataDir}\n` });
  const terminal = { user: 0, secrets: createSecrets() } as Terminal;

  const work = openBackupWork(terminal, {} as Invocation, config, () => {}, new AbortController().signal);

  await expect(work).rejects.toMatchObject({
    code: "file_failed",
    message: expect.stringContaining("sudo -u") as unknown,
  });
  expect(await readdir(dataDir)).toEqual([]);
  await rm(dataDir, { recursive: true });
});
