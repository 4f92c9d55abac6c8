import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CheckRecord } from "../../src/core/update-status.ts";
import { rememberRemoteImages } from "../../src/files/remote-images.ts";
import { createInventory } from "../../src/inventory/store.ts";
import { checkForUpdates } from "../../src/operations/check.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { loadImage, type PublishedImage, publishImage, pullImage, unpublishImage } from "../bed/images.ts";
import { checkerOf } from "../checking.ts";
import { openClient } from "../registry/client.ts";
import { push } from "../registry/push.ts";

let bed: Bed;
let repositories = 0;
beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true });
});
afterAll(() => bed?.[Symbol.asyncDispose]());
afterEach(async () => {
  bed.registry.ok();
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true });
  }
});

async function create(Image: string): Promise<string> {
  const name = `web${++repositories}`;
  await bed.engine.docker.createContainer({ name, Image });
  return name;
}

async function publish(version: string, name = `app${++repositories}`): Promise<PublishedImage & { name: string }> {
  return { name, ...(await publishImage(bed.registry, { name, tag: "stable", version })) };
}

async function pulled(version = "1"): Promise<PublishedImage & { name: string }> {
  const image = await publish(version);
  await pullImage(bed.engine.docker, image.reference);
  return image;
}

/** What a check without an earlier one says of a container of `image`. */
async function recordOf(image: string): Promise<{ record: CheckRecord | undefined; requests: readonly string[] }> {
  const name = await create(image);
  const { records, requests } = await checkerOf(bed).check();
  return { record: records.get(name), requests };
}

describe("an image that no registry can tell a newer one of", () => {
  it("was built or imported here", async () => {
    await loadImage(bed.engine.docker, "local:1", { version: "1" });

    expect(await recordOf("local:1")).toMatchObject({
      record: { status: "unknown_local_digest", reason: expect.stringContaining("built or imported on this machine") },
      requests: [],
    });
  });

  it("was built here under the name of one that a registry has", async () => {
    const { reference } = await publish("1");
    await loadImage(bed.engine.docker, reference, { version: "own" });

    expect(await recordOf(reference)).toMatchObject({ record: { status: "unknown_local_digest" }, requests: [] });
  });

  it("was pulled under another name, and only tagged so", async () => {
    const { reference, name } = await pulled();
    const { reference: other } = await publish("2");
    await bed.engine.docker.getImage(reference).tag({ repo: other.replace(/:stable$/, ""), tag: "stable" });

    const { record, requests } = await recordOf(other);
    expect(record).toMatchObject({
      status: "unknown_local_digest",
      reason: expect.stringContaining(`pulled from ${bed.registry.host}/${name} and only tagged ${other}`),
    });
    expect(requests).toEqual([]);
  });

  it.each(["full", "short"])("is named by its id: %s", async (form) => {
    const { reference, imageId } = await pulled(`id ${form}`);

    expect(await recordOf(form === "full" ? imageId : imageId.slice(7, 19))).toMatchObject({
      record: { status: "unknown_image", reason: expect.stringContaining(`create it from ${reference}`) },
      requests: [],
    });
  });

  it.each([true, false])("is pinned to its digest, with a tag: %s", async (tagged) => {
    const { reference, digest } = await pulled();
    const image = `${tagged ? reference : reference.replace(/:stable$/, "")}@${digest}`;
    await pullImage(bed.engine.docker, image);

    expect(await recordOf(image)).toMatchObject({
      record: { status: "pinned", installedDigest: digest, reason: expect.stringContaining(digest) },
      requests: tagged ? ["HEAD"] : [],
    });
  });

  it("is pinned to its digest, and its tag has moved on", async () => {
    const { reference, digest, name } = await pulled();
    const image = `${reference}@${digest}`;
    await pullImage(bed.engine.docker, image);
    const { digest: next } = await publish("2", name);

    const { record } = await recordOf(image);
    expect(record).toMatchObject({
      status: "pinned",
      reason: `The container is pinned to ${digest}; ${reference} stands for another one, ${next.slice(7, 19)}.`,
    });
    expect(record).not.toHaveProperty("verdict");
    bed.registry.failWith({ status: 500 });
    expect((await recordOf(image)).record).toMatchObject({ reason: `The container is pinned to ${digest}.` });
  });
});

describe("an image that goes by several digests", () => {
  it("is up to date while its tag has any of them", async () => {
    const first = await pulled();
    await pullImage(bed.engine.docker, (await publish("1", `${first.name}-mirror`)).reference);
    const { Config: _, RepoDigests } = await bed.engine.docker.getImage(first.imageId).inspect();

    expect(RepoDigests.length).toBeGreaterThan(1);
    expect(await recordOf(first.reference)).toMatchObject({ record: { status: "up_to_date" }, requests: ["HEAD"] });
  });
});

describe("a registry that does not tell", () => {
  const html = "<!doctype html><title>Welcome</title>";
  const isGet = ({ method }: { method: string }) => method === "GET";

  it.each<[string, () => Promise<void> | void, string]>([
    ["401", () => bed.registry.failWith({ status: 401 }), "does not show"],
    ["403", () => bed.registry.failWith({ status: 403 }), "does not show"],
    ["404", () => bed.registry.failWith({ status: 404 }), "check the image's name and tag"],
    ["429", () => bed.registry.failWith({ status: 429 }), "limits how often it may be asked"],
    ["500", () => bed.registry.failWith({ status: 500 }), "answered HTTP 500"],
    ["HTML", () => bed.registry.failWith({ status: 200, body: html }), "is there a registry at this address"],
    ["nothing", () => bed.registry.stop(), "cannot be reached"],
    [
      "HTML for what the tag stands for",
      () => bed.registry.failWith({ status: 200, body: html }, isGet),
      "something else",
    ],
    ["404 for what the tag stands for", () => bed.registry.failWith({ status: 404 }, isGet), "which it names itself"],
    ["429 for what the tag stands for", () => bed.registry.failWith({ status: 429 }, isGet), "limits how often"],
  ])("says %s: the last verdict stays, with the reason", async (_, spoil, reason) => {
    const { reference, name } = await pulled();
    const container = await create(reference);
    const { check } = checkerOf(bed, { timing: { retryMs: 1 } });
    await publish("2", name);
    const before = (await check()).records.get(container);
    await publish("3", name);

    await spoil();
    try {
      const { status, verdict, latestDigest, reason: why } = (await check()).records.get(container) ?? {};
      expect({ status, verdict, latestDigest }).toEqual({
        status: "registry_error",
        verdict: "update_available",
        latestDigest: before?.latestDigest,
      });
      expect(why).toContain(reason);
    } finally {
      await bed.registry.start().catch(() => {});
    }
    bed.registry.ok();
    expect((await check()).records.get(container)).toMatchObject({ status: "update_available" });
  });

  it("has deleted the tag", async () => {
    const { reference, name, digest } = await pulled();
    const container = await create(reference);
    const { check } = checkerOf(bed);
    await check();
    await unpublishImage(bed.registry, name, digest);

    expect((await check()).records.get(container)).toMatchObject({
      status: "registry_error",
      verdict: "up_to_date",
      reason: expect.stringContaining(`has no ${reference}`),
    });
  });
});

describe("two hundred containers of a hundred references", () => {
  const idOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

  it("cost a hundred HEADs while nothing changes, and three requests for what does", async () => {
    const { registry } = bed;
    const names = Array.from({ length: 100 }, (_, index) => `many/app${index}`);
    const digests = await Promise.all(names.map((name) => push(registry, name, "1", "dockerManifest")));
    const inventory = createInventory();
    for (const [index, name] of [...names, ...names].entries()) {
      inventory.putContainer({
        name: `app${index}`,
        id: `id${index}`,
        image: `${registry.host}/${name}:1`,
        imageId: idOf(name),
        repoDigests: [],
        state: "running",
        health: "none",
        startedAt: null,
        finishedAt: null,
        restartCount: 0,
        exitCode: null,
        labels: {},
      });
    }
    const engine = {
      inspectImage: (id: string) => {
        const index = names.findIndex((name) => idOf(name) === id);
        return Promise.resolve({
          Id: id,
          RepoTags: [],
          RepoDigests: [`${registry.host}/${names[index]}@${digests[index]}`],
          Os: "linux",
          Architecture: "amd64",
          Config: {},
        });
      },
    };
    await using client = openClient();
    const remoteImages = rememberRemoteImages();
    const clock = { now: () => Date.now() };
    const deps = { engine, registry: client.registry, remoteImages, inventory, clock } as never;
    const check = async () => {
      registry.clearRequests();
      const since = performance.now();
      await checkForUpdates(deps, { kind: "check" }, AbortSignal.timeout(60_000));
      const methods = registry.requests().map(({ method }) => method);
      const count = (method: string) => methods.filter((one) => one === method).length;
      return { HEAD: count("HEAD"), GET: count("GET"), ms: Math.round(performance.now() - since) };
    };

    for (const look of ["first", "second"]) {
      const { ms, ...asked } = await check();
      expect(asked).toEqual({ HEAD: 100, GET: 0 });
      console.log(`${look} check of 100 references: ${ms} ms`);
    }
    await push(registry, "many/app7", "1", "ociIndex");
    const { HEAD, GET } = await check();
    expect(HEAD).toBe(100);
    expect(GET).toBeLessThanOrEqual(2);
    const statuses = inventory.all().map(({ check }) => check?.status);
    expect(statuses.filter((status) => status === "update_available")).toHaveLength(2);
  });
});
