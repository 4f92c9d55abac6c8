import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refuseForeignRoot, takeDataDirectory } from "./data-directory.ts";

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

/** Only root can give files away; whoever else runs the tests owns them as what they are to be: another user. */
async function giveAway(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, 990, 990);
}

describe("for root, a data directory", () => {
  it("that is another user's is refused, and left as it is", async () => {
    const path = join(home, "theirs");
    await mkdir(path);
    await giveAway(path);

    await expect(refuseForeignRoot(path, 0)).rejects.toMatchObject({
      code: "file_failed",
      message: expect.stringMatching(
        /theirs is that of user \d+, .*run this as that user: sudo -u '#\d+' gangway/,
      ) as unknown,
    });
    expect(await readdir(path)).toEqual([]);
    await refuseForeignRoot(path, 990);
    await refuseForeignRoot(path, undefined);
  });

  it("that another user's Gangway has taken is for that one to write, until it ends", async () => {
    const path = join(home, "taken");
    const kill = await takenByAnother(path);
    await giveAway(join(path, "gangway.lock"));

    await refuseForeignRoot(path, 0);
    await kill();
    await expect(refuseForeignRoot(path, 0)).rejects.toMatchObject({ code: "file_failed" });
  });

  it("that is not there yet is root's own", async () => {
    await refuseForeignRoot(join(home, "none"), 0);
  });

  it.runIf(process.getuid?.() === 0)(
    "in which root's Gangway has run is root's, whosever the directory is",
    async () => {
      const path = join(home, "shared");
      (await takeDataDirectory(path, 0, signal))?.[Symbol.dispose]();
      await giveAway(path);

      await refuseForeignRoot(path, 0);
    },
  );
});
