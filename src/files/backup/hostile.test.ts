import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupPlan, volume } from "../../../test/backup-plan.ts";
import { type TarMember, tarOf } from "../../../test/bed/tar.ts";
import { sha256Of } from "./sink.ts";
import { openVault } from "./vault.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gangway-vault-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const signal = new AbortController().signal;
const nothing = (): void => {};

interface Hostile {
  readonly plan?: unknown;
  readonly manifest?: unknown;
  readonly inner?: readonly TarMember[] | Buffer;
  readonly change?: (members: TarMember[]) => readonly TarMember[];
}

/** A backup as somebody else could have made it: right in all but what is said. */
function forged({ plan = backupPlan(), manifest, inner, change = (members) => members }: Hostile): Buffer {
  const members = inner ?? [
    { path: "v0/", content: "" },
    { path: "v0/a", content: "x" },
  ];
  const content = Buffer.isBuffer(members) ? members : tarOf(members as readonly TarMember[]);
  const text = Buffer.from(JSON.stringify(plan));
  const entries = Buffer.isBuffer(members) ? 0 : members.length;
  const told = manifest ?? {
    ...{ format: "gangway-backup", schema: 1, container: "web", createdAt: "2026-11-21T18:01:02Z" },
    parts: [
      { name: "plan.json", bytes: text.length, sha256: sha256Of(text) },
      { name: "volumes/v0.tar", bytes: content.length, sha256: sha256Of(content), entries },
    ],
  };
  return tarOf(
    change([
      { path: "plan.json", content: text },
      { path: "volumes/v0.tar.000000", content: content.subarray(0, 1_000) },
      { path: "volumes/v0.tar.000001", content: content.subarray(1_000) },
      { path: "manifest.json", content: Buffer.from(JSON.stringify(told)) },
    ]),
  );
}

const file = "web_20261121T180102Z.tar";
const parts = (record: object): unknown => ({
  ...{ format: "gangway-backup", schema: 1, container: "web", createdAt: "2026-11-21T18:01:02Z" },
  parts: [record],
});
const swap = (members: TarMember[]): TarMember[] => [members[0], members[2], members[1], members[3]] as TarMember[];

describe("a backup that somebody made or damaged", () => {
  it("is taken where it is whole", async () => {
    writeFileSync(join(directory, file), forged({}));

    await expect(openVault(directory).verify(file, nothing, signal)).resolves.toMatchObject({
      plan: { container: "web" },
    });
  });

  it.each<readonly [string, Hostile, string]>([
    ["no plan first", { change: (m) => m.slice(1) }, "it begins with volumes/v0.tar.000000"],
    ["no manifest", { change: (m) => m.slice(0, -1) }, "it has no manifest"],
    ["a second plan", { change: (m) => m.toSpliced(1, 0, m[0] as TarMember) }, "plan.json is not what comes there"],
    ["a second manifest", { change: (m) => [...m, m[3] as TarMember] }, "manifest.json stands behind the manifest"],
    ["a piece twice", { change: (m) => m.toSpliced(1, 0, m[1] as TarMember) }, "no whole archive: it breaks off"],
    ["pieces in another order", { change: swap }, "v0.tar.000001 is not what comes there"],
    ["a piece less", { change: (m) => m.toSpliced(2, 1) }, "no whole archive: it breaks off"],
    ["a part less", { change: (m) => m.toSpliced(1, 2) }, "volumes/v0.tar is missing"],
    [
      "a file that leads out",
      { change: (m) => m.toSpliced(1, 0, { path: "../../etc/cron.d/x", content: "x" }) },
      "is not what comes there",
    ],
    ["a file behind", { change: (m) => [...m, { path: "more", content: "x" }] }, "more stands behind the manifest"],
    [
      "a link",
      { change: (m) => m.with(1, { path: "volumes/v0.tar.000000", content: { linkTo: "/etc/shadow" } }) },
      "is no plain file",
    ],
    ["a directory", { change: (m) => m.toSpliced(1, 0, { path: "volumes/", content: "" }) }, "is no plain file"],
    [
      "another content",
      { change: (m) => m.with(1, { path: "volumes/v0.tar.000000", content: forgedContent() }) },
      "its SHA-256 is another one",
    ],
    [
      "a manifest of fewer bytes",
      { manifest: parts({ name: "plan.json", bytes: 1, sha256: "0".repeat(64) }) },
      "speaks of other parts",
    ],
    ["a manifest of another form", { manifest: { parts: [] } }, "manifest.json does not hold what it should"],
    [
      "a manifest of a newer form",
      { manifest: { format: "gangway-backup", schema: 2 } },
      "a newer Gangway has written it",
    ],
    ["a plan of another form", { plan: { container: "../web" } }, "plan.json does not hold what it should"],
    [
      "a plan of a newer form",
      { plan: { ...backupPlan(), schema: 7 } },
      "a newer Gangway has written it (its schema is 7)",
    ],
    [
      "a plan with a part that leads out",
      { plan: { ...backupPlan(), volumes: [{ ...volume("data", 0), part: "../../x" }] } },
      "plan.json does not hold",
    ],
    [
      "a plan with a volume that leads out",
      { plan: { ...backupPlan(), volumes: [volume("../data", 0)] } },
      "plan.json does not hold",
    ],
    ["a plan of another container", { plan: backupPlan({ container: "db" }) }, "speaks of another container"],
    [
      "files beside the volume",
      {
        inner: [
          { path: "v0/", content: "" },
          { path: "v1/x", content: "" },
        ],
      },
      "v1/x is not of volumes/v0.tar",
    ],
    [
      "files above the volume",
      {
        inner: [
          { path: "v0/", content: "" },
          { path: "v0/../../x", content: "" },
        ],
      },
      "v0/../../x is not of",
    ],
    [
      "files at the root",
      {
        inner: [
          { path: "v0/", content: "" },
          { path: "/etc/passwd", content: "" },
        ],
      },
      "/etc/passwd is not of",
    ],
    ["no root of the volume", { inner: [{ path: "v0/a", content: "" }] }, "v0/a is not of"],
    ["no archive for a volume", { inner: Buffer.alloc(2_048, "x") }, "volumes/v0.tar is no whole archive"],
  ])("is refused with %s", async (_, hostile, reason) => {
    writeFileSync(join(directory, file), forged(hostile));

    const verifying = openVault(directory).verify(file, nothing, signal);
    await expect(verifying).rejects.toMatchObject({ code: "backup_damaged", message: expect.stringContaining(reason) });
  });

  it.each<readonly [string, string, (whole: Buffer) => Buffer]>([
    ["breaks off", "web_20261121T180102Z.tar", (whole) => whole.subarray(0, -600)],
    ["breaks off, compressed", "web_20261121T180102Z.tar.zst", (whole) => zstdCompressSync(whole).subarray(0, -20)],
    ["breaks off, compressed with gzip", "web_20261121T180102Z.tar.gz", (whole) => gzipSync(whole).subarray(0, -20)],
    ["is not compressed", "web_20261121T180102Z.tar.zst", (whole) => whole],
    ["is compressed", "web_20261121T180102Z.tar", (whole) => zstdCompressSync(whole)],
    ["has another byte", "web_20261121T180102Z.tar.gz", (whole) => flipped(gzipSync(whole))],
    ["is empty", "web_20261121T180102Z.tar.zst", () => Buffer.alloc(0)],
  ])("is refused where its file %s", async (_, name, change) => {
    writeFileSync(join(directory, name), change(forged({})));

    await expect(openVault(directory).verify(name, nothing, signal)).rejects.toMatchObject({ code: "backup_damaged" });
  });
});

/** Of the same length, but the volume's root has another mode. */
function forgedContent(): Buffer {
  const members = [
    { path: "v0/", content: "", mode: 0o700 },
    { path: "v0/a", content: "x" },
  ];
  return tarOf(members).subarray(0, 1_000);
}

function flipped(content: Buffer): Buffer {
  const middle = Math.floor(content.length / 2);
  content[middle] = (content[middle] ?? 0) ^ 0xff;
  return content;
}
