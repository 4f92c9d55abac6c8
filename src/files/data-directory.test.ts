import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { takeDataDirectory } from "./data-directory.ts";

let home: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "gangway-data-"));
});
afterAll(() => rm(home, { recursive: true }));

/** Another process that takes the directory and keeps it. */
async function takenByAnother(path: string): Promise<() => Promise<void>> {
  const script = `
    const { takeDataDirectory } = await import(${JSON.stringify(join(import.meta.dirname, "data-directory.ts"))});
    const lock = await takeDataDirectory(${JSON.stringify(path)}, 0, new AbortController().signal);
    console.log(lock !== undefined);
    setInterval(() => lock, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(String((await once(child.stdout, "data"))[0]).trim()).toBe("true");
  return async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
}

it("is one process's alone, and free again as soon as that is killed", async () => {
  const path = join(home, "new", "data");
  const kill = await takenByAnother(path);

  expect(await takeDataDirectory(path, 0, signal)).toBeUndefined();
  const waiting = takeDataDirectory(path, 60_000, signal);
  await kill();

  const lock = await waiting;
  expect(lock).toBeDefined();
  lock?.[Symbol.dispose]();
});

it("is free again when it was given back", async () => {
  const path = join(home, "data");
  (await takeDataDirectory(path, 0, signal))?.[Symbol.dispose]();

  const again = await takeDataDirectory(path, 0, signal);
  expect(again).toBeDefined();
  again?.[Symbol.dispose]();
});

it("says where it cannot be made", async () => {
  const file = join(home, "file");
  await writeFile(file, "");

  await expect(takeDataDirectory(join(file, "data"), 0, signal)).rejects.toMatchObject({
    code: "file_failed",
    message: expect.stringContaining("set data_dir"),
  });
});
