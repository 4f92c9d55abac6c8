import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { compressions } from "../../core/backup.ts";
import { createSink } from "./sink.ts";

/** A disk that takes nothing any more, as one in the network whose server is gone. */
function stalled(): Writable {
  return new Writable({ highWaterMark: 1, write: () => {} });
}

function sinkOver(target: Writable, signal: AbortSignal, compression: (typeof compressions)[number] = "none") {
  const file = { sync: () => Promise.resolve(), close: () => new Promise<void>(() => {}) };
  const limits = { idleMs: 20, closeMs: 20 };
  return createSink({ path: "/backups/x", file, target, compression, modifiedAt: 0, limits }, signal);
}

const content = randomBytes(4 * 2 ** 20);
const { signal } = new AbortController();

it.each(compressions)("waits for a disk that takes nothing only for a while (%s)", async (compression) => {
  const sink = sinkOver(stalled(), signal, compression);
  const writing = (async () => {
    for (;;) await sink.member("name", content);
  })();

  await expect(writing).rejects.toMatchObject({
    code: "file_failed",
    message: expect.stringContaining("/backups/x took nothing for"),
  });
});

it("does not wait for the disk when the end has come", async () => {
  const ending = new AbortController();
  const sink = sinkOver(stalled(), ending.signal);
  const writing = sink.member("name", content);
  ending.abort(new Error("the end"));

  await expect(writing).rejects.toThrow("the end");
});

it("is left, though the disk does not even close the file", async () => {
  await sinkOver(stalled(), signal).leave();
});

it("does not need more memory the more is written", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const sink = sinkOver(new Writable({ write: (_, __, written) => written() }), signal);
  const held = async (members: number): Promise<number> => {
    for (let count = 0; count < members; count++) await sink.member("name", Buffer.from("x"));
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await held(500);

  expect((await held(10_000)) - before).toBeLessThan(2 ** 20);
});
