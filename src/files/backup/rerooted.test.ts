import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, type Headers, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { rerooted } from "./rerooted.ts";

type Given = Headers & { readonly content?: string; readonly pax?: Readonly<Record<string, string>> };

async function archiveOf(members: readonly Given[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of members) archive.entry(header, ...(content === undefined ? [] : [content]));
  archive.finalize();
  return await buffer(archive);
}

/** The members of what comes out: their headers, and what is in files. */
async function membersOf(archive: Buffer): Promise<readonly (Given & { readonly text: string })[]> {
  const pieces: Buffer[] = [];
  for await (const piece of rerooted(Readable.from([archive]), "v0")) pieces.push(Buffer.from(piece));
  const extraction = extract();
  extraction.end(Buffer.concat(pieces));
  const found: (Given & { readonly text: string })[] = [];
  for await (const entry of extraction) found.push({ ...entry.header, text: (await buffer(entry)).toString() });
  return found;
}

const long = `./${"a".repeat(150)}/${"b".repeat(150)}`;

describe("an archive with another root", () => {
  it("has everything below that, as it was", async () => {
    const archive = await archiveOf([
      { name: "./", type: "directory", mode: 0o42750, uid: 999, gid: 998 },
      { name: "./none", mode: 0o100000, content: "secret" },
      { name: "./hard", type: "link", linkname: "./none" },
      { name: "./soft", type: "symlink", linkname: "../outside" },
      { name: "./fifo", type: "fifo", mode: 0o10600 },
      { name: "./null", type: "character-device", devmajor: 1, devminor: 3 },
      { name: long, mode: 0o104755, content: "long" },
      { name: "./owned", content: "x", pax: { uid: "2097153", gid: "70000" } },
      { name: "./empty", content: "" },
    ]);

    const found = await membersOf(archive);

    expect(found).toMatchObject([
      { name: "v0/", type: "directory", mode: 0o2750, uid: 999, gid: 998 },
      { name: "v0/none", type: "file", mode: 0, text: "secret" },
      { name: "v0/hard", type: "link", linkname: "v0/none" },
      { name: "v0/soft", type: "symlink", linkname: "../outside" },
      { name: "v0/fifo", type: "fifo", mode: 0o600 },
      { name: "v0/null", type: "character-device", devmajor: 1, devminor: 3 },
      { name: `v0/${long.slice(2)}`, type: "file", mode: 0o4755, text: "long" },
      { name: "v0/owned", pax: { uid: "2097153", gid: "70000" } },
      { name: "v0/empty", type: "file", text: "" },
    ]);
  });

  it("begins with the root where the archive has none", async () => {
    expect(await membersOf(await archiveOf([{ name: "a", content: "1" }]))).toMatchObject([
      { name: "v0/", type: "directory", mode: 0o755 },
      { name: "v0/a", text: "1" },
    ]);
    expect(await membersOf(await archiveOf([]))).toMatchObject([{ name: "v0/", type: "directory" }]);
  });

  it.each([
    ["a name that leads up", [{ name: "../a", content: "1" }], /leads out/],
    ["an absolute name", [{ name: "/a", content: "1" }], /leads out/],
    ["a link that leads up", [{ name: "a", type: "link", linkname: "../../a" }], /leads out/],
  ] as const)("is refused with %s", async (_, members, reason) => {
    await expect(membersOf(await archiveOf(members))).rejects.toThrow(reason);
  });

  it("is refused where it breaks off", async () => {
    const archive = await archiveOf([{ name: "a", content: "1".repeat(2_000) }]);

    await expect(membersOf(archive.subarray(0, 1_500))).rejects.toThrow();
    await expect(membersOf(archive.subarray(0, 2_560))).rejects.toThrow();
  });
});
