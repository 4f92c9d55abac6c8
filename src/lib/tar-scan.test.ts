import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { tarOf } from "../../test/bed/tar.ts";
import { tarEnd, tarHeaderFor } from "./tar-header.ts";
import { createTarScanner, type TarMember } from "./tar-scan.ts";

interface Found extends TarMember {
  readonly content: string;
}

/** All that is in an archive that is given in pieces of `pieceLength` bytes. */
function scan(archive: Buffer, pieceLength = 1_000): readonly Found[] {
  const found: { member: TarMember; pieces: Buffer[] }[] = [];
  let ended = 0;
  const scanner = createTarScanner(
    {
      onMember: (member) => found.push({ member, pieces: [] }),
      onContent: (piece) => found.at(-1)?.pieces.push(piece),
      onMemberEnd: () => {
        ended += 1;
      },
    },
    (reason) => new Error(reason),
  );
  for (let at = 0; at < archive.length; at += pieceLength) scanner.write(archive.subarray(at, at + pieceLength));
  scanner.end();
  expect(ended).toBe(found.length);
  return found.map(({ member, pieces }) => ({ ...member, content: Buffer.concat(pieces).toString("utf8") }));
}

const small = tarOf([
  { path: "v0/", content: "" },
  { path: "v0/a", content: "hello" },
  { path: "v0/link", content: { linkTo: "../outside" } },
  { path: "v0/b", content: "x".repeat(1_024) },
]);

describe("reading a tar archive", () => {
  it("tells of every member, in pieces of any length", () => {
    const expected = [
      { name: "v0", type: "directory", bytes: 0, linkName: "", content: "" },
      { name: "v0/a", type: "file", bytes: 5, linkName: "", content: "hello" },
      { name: "v0/link", type: "symlink", bytes: 0, linkName: "../outside", content: "" },
      { name: "v0/b", type: "file", bytes: 1_024, linkName: "", content: "x".repeat(1_024) },
    ];
    for (const length of [1, 7, 511, 512, 513, small.length]) expect(scan(small, length)).toEqual(expected);
  });

  it("reads what GNU tar writes, in each of its formats", () => {
    const directory = mkdtempSync(join(tmpdir(), "gangway-tar-"));
    const long = `${"directory/".repeat(20)}${"é".repeat(60)}`;
    try {
      mkdirSync(join(directory, long, ".."), { recursive: true });
      writeFileSync(join(directory, long), "content");
      linkSync(join(directory, long), join(directory, "hard"));
      symlinkSync(long, join(directory, "soft"));
      for (const format of ["gnu", "posix"]) {
        const archive = execFileSync("tar", ["-c", `--format=${format}`, "-C", directory, "hard", "soft", "directory"]);
        const found = scan(archive);
        expect(found.map(({ name }) => name)).toContain(long);
        expect(found.find(({ name }) => name === "soft")).toMatchObject({ type: "symlink", linkName: long });
        expect(found.find(({ name }) => name === long)).toMatchObject({ type: "link", linkName: "hard" });
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("reads its own headers, and so does any other tar", () => {
    const archive = Buffer.concat([
      tarHeaderFor({ name: "plan.json", bytes: 2, modifiedAt: 1_700_000_000_000 }),
      ...[Buffer.from("{}"), Buffer.alloc(510), tarEnd],
    ]);

    expect(scan(archive)).toEqual([{ name: "plan.json", type: "file", bytes: 2, linkName: "", content: "{}" }]);
    const listed = execFileSync("tar", ["-tv", "--utc", "--numeric-owner"], { input: archive }).toString();
    expect(listed.trim()).toBe("-rw------- 0/0               2 2023-11-14 22:13 plan.json");
  });

  it("reads lengths beyond 8 GiB from extended headers", async () => {
    const packing = pack();
    packing.entry({ name: "huge", size: 9 * 2 ** 30 });
    const chunks: Buffer[] = [];
    for await (const chunk of packing) {
      chunks.push(chunk as Buffer);
      if (Buffer.concat(chunks).length >= 512) break;
    }
    const members: TarMember[] = [];
    const scanner = createTarScanner({ onMember: (member) => members.push(member) }, Error);
    scanner.write(Buffer.concat(chunks));

    expect(members).toMatchObject([{ name: "huge", bytes: 9 * 2 ** 30 }]);
  });

  it.each<readonly [string, Buffer, string]>([
    ["nothing at all", Buffer.alloc(0), "it breaks off before its end"],
    ["one that breaks off in a content", small.subarray(0, 1_100), "it breaks off before its end"],
    ["one that breaks off between members", small.subarray(0, 1_536), "it breaks off before its end"],
    ["one with half an end", small.subarray(0, -512), "it breaks off before its end"],
    ["one with more behind its end", Buffer.concat([small, small]), "something stands behind its end"],
    ["one with a damaged header", damaged(small, 3), "a header in it is damaged"],
    ["one with no number for a length", damaged(small, 124, true), "a header in it is damaged"],
    ["something else", Buffer.alloc(1_024, "no archive"), "a header in it is damaged"],
    ["one with a header of many megabytes", extended(2 ** 20 + 1), "it has a header of 1048577 bytes"],
  ])("refuses %s", (_, archive, reason) => {
    expect(() => scan(archive)).toThrow(reason);
  });

  it("never fails but with a reason, whatever it is given", () => {
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.nat(255), fc.integer({ min: 1, max: 700 }), (at, value, length) => {
        const changed = Buffer.from(small);
        changed[at] = value;
        try {
          scan(changed, length);
        } catch (error) {
          expect((error as Error).message).toMatch(/^(?:it |a header|an extended|something)/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** With another byte, and, if wished, a sum that fits it again. */
function damaged(archive: Buffer, at: number, withSum = false): Buffer {
  const copy = Buffer.from(archive);
  copy[at] = 0x2a;
  if (withSum) {
    copy.write("        ", 148);
    const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    copy.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  }
  return copy;
}

/** An archive that begins with an extended header of this length. */
function extended(bytes: number): Buffer {
  const header = tarHeaderFor({ name: "pax", bytes, modifiedAt: 0 });
  header.write("x", 156);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return header;
}
