import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RegistryLimit } from "../core/registry-limit.ts";
import type { Damage } from "./atomic-json.ts";
import { openLimits } from "./limits.ts";

const now = 1_800_000_000_000;
const day = 24 * 3_600_000;
const limit: RegistryLimit = {
  toldAt: now - 1_000,
  coolDown: { since: now - 1_000, until: now + 59_000, attempt: 2 },
  quota: { limit: 100, remaining: 20, windowSeconds: 21_600 },
};

let directory: string;
let path: string;
let damages: Damage[];
const onFailure = (error: unknown): void => {
  throw error;
};
const open = () => openLimits(path, now, { onDamage: (damage) => damages.push(damage), onFailure });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "limits-"));
  path = join(directory, "limits.json");
  damages = [];
});
afterEach(() => rm(directory, { recursive: true }));

describe("limits.json", () => {
  it("keeps over a restart what registries have told", async () => {
    {
      await using file = await open();
      expect(file.limits).toEqual(new Map());
      file.save(new Map([["ghcr.io", { toldAt: now }]]));
      file.save(new Map([["docker.io", limit]]));
    }

    expect((await open()).limits).toEqual(new Map([["docker.io", limit]]));
    expect(damages).toEqual([]);
  });

  it("forgets what was told 30 days ago", async () => {
    const old = { ...limit, toldAt: now - 30 * day };
    await using file = await open();
    file.save(
      new Map([
        ["old", old],
        ["new", { ...limit, toldAt: now - 30 * day + 1 }],
      ]),
    );
    await file[Symbol.asyncDispose]();

    expect([...(await open()).limits.keys()]).toEqual(["new"]);
  });

  it.each([
    ["is cut off", '{"schema":1,"registries":{'],
    ["has another shape", '{"schema":1,"registries":{"docker.io":{"toldAt":"secret"}}}'],
  ])("that %s is set aside, and nobody is limited", async (_name, text) => {
    await writeFile(path, text);

    expect((await open()).limits).toEqual(new Map());
    expect(damages).toHaveLength(1);
    expect((await readdir(directory)).some((name) => name.startsWith("limits.json.corrupt-"))).toBe(true);
  });

  it("is JSON that says which schema it has", async () => {
    await using file = await open();
    file.save(new Map([["docker.io", limit]]));
    await file[Symbol.asyncDispose]();

    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ schema: 1, registries: { "docker.io": limit } });
  });
});
