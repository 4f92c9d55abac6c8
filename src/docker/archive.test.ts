import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { ContainerFile } from "../core/inspect.ts";
import { archiveOf, fileIn } from "./archive.ts";

const file = (more: Partial<ContainerFile> = {}): ContainerFile => ({
  path: "/run/secrets/s",
  content: Buffer.from("s3cret"),
  mode: 0o440,
  uid: 12,
  gid: 34,
  ...more,
});

describe("a file in an archive", () => {
  const cases: readonly (readonly [string, ContainerFile])[] = [
    ["an ordinary file", file()],
    ["no content", file({ content: Buffer.alloc(0) })],
    ["many bytes", file({ content: Buffer.alloc(1_000_000, "x") })],
    ["no permissions at all", file({ mode: 0 })],
    ["setuid", file({ mode: 0o4755 })],
    ["owners beyond what a plain header holds", file({ uid: 1_000_680_000, gid: 4_294_967_294 })],
    ["a long path", file({ path: `/${"long/".repeat(60)}name` })],
    ["a path that is not ASCII", file({ path: "/größe/ключ" })],
  ];
  it.each(cases)("is the same there and back: %s", async (_, original) => {
    const archive = await archiveOf([original], 0);

    expect(await fileIn(Readable.from([archive]), original.path)).toEqual(original);
  });

  it("is none where the archive ends in its middle", async () => {
    const archive = await archiveOf([file({ content: Buffer.alloc(10_000) })], 0);

    await expect(fileIn(Readable.from([archive.subarray(0, 4_096)]), "/x")).rejects.toThrow();
  });

  it("is none where there is something else", async () => {
    expect(await fileIn(Readable.from([Buffer.alloc(1_024)]), "/x")).toBeUndefined();
  });
});
