import { PassThrough, Readable } from "node:stream";
import { expect, it } from "vitest";
import { flowing } from "./flowing.ts";

async function textOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const batch of flowing(stream)) pieces.push(...batch);
  return Buffer.concat(pieces).toString();
}

it("gives everything in order, however slowly it comes", async () => {
  const stream = new PassThrough();
  const text = textOf(stream);
  for (const piece of ["one ", "two ", "three"]) {
    stream.write(piece);
    await new Promise(setImmediate);
  }
  stream.end();

  expect(await text).toBe("one two three");
  expect(await textOf(Readable.from([]))).toBe("");
});

it("throws what the stream ends with, after what came before", async () => {
  const stream = new PassThrough();
  stream.write("one");
  const batches = flowing(stream);

  expect((await batches.next()).value).toEqual([Buffer.from("one")]);
  const next = batches.next();
  stream.destroy(new Error("cut"));
  await expect(next).rejects.toThrow("cut");
});

it("throws where the stream breaks off without a word", async () => {
  const stream = new PassThrough();
  const text = textOf(stream);
  stream.write("one");
  stream.destroy();

  await expect(text).rejects.toThrow("broke off");
});

it("pauses a stream whose pieces nobody takes, and ends one that nobody reads to its end", async () => {
  let given = 0;
  const stream = new Readable({
    read() {
      given += 1;
      this.push(Buffer.alloc(1 << 16));
    },
  });
  const batches = flowing(stream);
  await batches.next();
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);

  expect(given).toBeLessThan(64);
  await batches.return();
  expect(stream.destroyed).toBe(true);
});
