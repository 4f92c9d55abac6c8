import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { canBeNative } from "../bed/packages.ts";
import { alice, basicOf, openClient } from "../registry/client.ts";
import { push } from "../registry/push.ts";
import { openScripted, type Script, type Scripted } from "../registry/scripted.ts";
import { openStrict } from "../registry/strict.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const answer = (letter: string): Scripted => ({ status: 200, headers: { "docker-content-digest": digest(letter) } });

describe.skipIf(!canBeNative(["registry"]))("a pull-through cache", () => {
  let bed: Bed;
  let cache: string;
  let pushed: string;
  beforeAll(async () => {
    bed = await openBed({ registry: true, kind: "native" });
    pushed = await push(bed.registry, "some/image", "1", "ociIndex");
    cache = await openStrict(bed, "cache", { cacheOf: bed.registry.url });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("is asked in place of its registry, also while that is down", async () => {
    const { host } = bed.registry;
    await using client = openClient({ registries: [{ host: cache, mirrorOf: host }] });

    expect(await client.digestOf(`${host}/some/image:1`)).toBe(pushed);
    await bed.registry.stop();
    try {
      expect(await client.digestOf(`${host}/some/image:1`)).toBe(pushed);
    } finally {
      await bed.registry.start();
    }
    expect(client.lines).toEqual([]);
  });
});

describe("a mirror", () => {
  it("is asked alone for what it has, at the same path", async () => {
    await using origin = await openScripted(() => answer("a"));
    await using mirror = await openScripted(() => answer("b"));
    await using client = openClient({ registries: [{ host: mirror.host, mirrorOf: origin.host }] });

    expect(await client.digestOf(`${origin.host}/some/image:1`)).toBe(digest("b"));
    expect(mirror.seen.map(({ url }) => url.pathname)).toEqual(["/v2/some/image/manifests/1"]);
    expect(origin.seen).toEqual([]);
    expect(await client.digestOf(`${mirror.host}/some/image:1`)).toBe(digest("b"));
  });

  it.each<[string, Script, number]>([
    ["does not have it", () => ({ status: 404 }), 0],
    ["fails", () => ({ status: 500 }), 1],
    ["is none", () => ({ status: 200, body: "<html></html>" }), 1],
    ["lets nobody in", () => ({ status: 401, headers: { "www-authenticate": 'Basic realm="x"' } }), 1],
    ["limits requests, which is told once", () => ({ status: 429 }), 1],
    ["breaks off", () => ({ raw: (socket) => socket.destroy() }), 1],
  ])("leaves it to its registry where it %s", async (_name, script, lines) => {
    await using origin = await openScripted(() => answer("a"));
    await using mirror = await openScripted(script);
    await using client = openClient({ registries: [{ host: mirror.host, mirrorOf: origin.host }] });

    expect(await client.digestOf(`${origin.host}/some/image:1`)).toBe(digest("a"));
    expect(await client.digestOf(`${origin.host}/some/image:2`)).toBe(digest("a"));
    expect(client.lines).toHaveLength(lines);
  });

  it("and its registry each see their own credentials, and no others", async () => {
    const guarded: Script = ({ authorization }) =>
      authorization === undefined
        ? { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } }
        : authorization === basicOf("mirror", "looking-glass")
          ? { status: 404 }
          : answer("a");
    await using origin = await openScripted(guarded);
    await using mirror = await openScripted(guarded);
    const own = { kind: "password", username: "mirror", password: "looking-glass" } as const;
    await using client = openClient({
      registries: [{ host: mirror.host, mirrorOf: origin.host }],
      credentials: (registry) => (registry === mirror.host ? own : alice),
    });

    expect(await client.digestOf(`${origin.host}/some/image:1`)).toBe(digest("a"));
    expect(mirror.seen.map(({ authorization }) => authorization)).toEqual([
      undefined,
      basicOf("mirror", "looking-glass"),
    ]);
    expect(origin.seen.map(({ authorization }) => authorization)).toEqual([undefined, basicOf("alice", "wonderland")]);
    expect(await client.registry.credentialsFor(origin.host)).toEqual(alice);
  });
});
