import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Platform } from "../src/core/inspect.ts";
import { type Bed, openBed } from "./bed/bed.ts";
import type { EngineOptions } from "./bed/engine.ts";
import { hostPlatform, type ImageSpec } from "./bed/image.ts";
import { publishImage, unpublishImage } from "./bed/images.ts";
import { type IndexPart, publishIndex, publishSingle } from "./bed/indexes.ts";
import { checkerOf } from "./checking.ts";

const own = hostPlatform();
const other: Platform = { os: "linux", architecture: own.architecture === "arm64" ? "amd64" : "arm64" };
const arm = (variant: string): Platform => ({ os: "linux", architecture: "arm", variant });
const image = (version: string, platform: Platform = own): IndexPart => ({
  kind: "image",
  spec: { version, platform },
});
const attested = (content: string): IndexPart => ({ kind: "attestation", content });

/** Reads at the registry, besides the HEAD. */
interface Reads {
  /** Of an index with the same image. */
  readonly sameInIndex: number;
  /** Of an index with another image; and what is left for the next check. */
  readonly other: number;
  readonly otherLater: number;
  /** Of an index with another image that is annotated with its version. */
  readonly annotated: number;
  /** Of the same image without an index. */
  readonly sameAlone: number;
}

/** An engine's image store, and how little it tells of the image that a container runs. */
interface Store {
  readonly isContainerd: boolean;
  readonly reads: Reads;
}

/** What a check makes of a tag whose digest has changed, on an engine of one kind. */
export function describeChangedTags(engine: EngineOptions | true, { isContainerd, reads }: Store): void {
  let bed: Bed;
  let repositories = 0;
  beforeAll(async () => {
    bed = await openBed({ engine, registry: true });
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  afterEach(async () => {
    bed.registry.ok();
    for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
      await bed.engine.docker.getContainer(Id).remove({ force: true });
    }
  });
  /** A HEAD and so many reads. */
  const requests = (count: number): readonly string[] => ["HEAD", ...Array<string>(count).fill("GET")];

  async function pull(reference: string, platform?: string): Promise<void> {
    const { docker } = bed.engine;
    const stream = await docker.pull(reference, platform === undefined ? {} : { platform });
    const lines: string[] = [];
    for await (const chunk of stream) lines.push(String(chunk));
    if (lines.join("").includes('"error"')) throw new Error(lines.join(""));
  }

  /** A container of an index with these parts, and how to give its tag to others. */
  async function containerOf(parts: readonly IndexPart[], platform?: string) {
    const name = `app${++repositories}`;
    const publish = (next: readonly IndexPart[], annotations?: Readonly<Record<string, string>>) =>
      publishIndex(bed.registry, { name, tag: "stable", parts: next, ...(annotations ? { annotations } : {}) });
    const first = await publish(parts);
    await pull(first.reference, platform);
    await create(name, first.reference, platform);
    const publishOne = (spec: ImageSpec) => publishSingle(bed.registry, { name, tag: "stable", spec });
    return { name, ...first, publish, publishOne };
  }

  async function create(name: string, Image: string, platform?: string): Promise<void> {
    await bed.engine.docker.createContainer({ name, Image, ...(platform === undefined ? {} : { platform }) });
  }

  it.each<[string, readonly IndexPart[], readonly IndexPart[]]>([
    ["with another attestation", [image("1"), attested("a")], [image("1"), attested("b")]],
    ["with another architecture's image", [image("1"), image("1", other)], [image("1"), image("2", other)]],
    ["with its images in another order", [image("1"), image("1", other)], [image("1", other), image("1")]],
    ["without the attestation", [image("1"), attested("a")], [image("1")]],
  ])("is no update %s, and costs that question once", async (_, before, after) => {
    const { name, publish } = await containerOf(before);
    const { check, restart } = checkerOf(bed);
    expect((await check()).records.get(name)).toMatchObject({ status: "up_to_date" });

    const { digest } = await publish(after);
    const first = await check();
    expect(first.records.get(name)).toMatchObject({
      status: "up_to_date",
      verdict: "up_to_date",
      reason: expect.stringContaining(`for linux/${own.architecture} it is still the container's image`),
      latestDigest: digest,
    });
    const [installed, latest] = first.versions(name);
    expect(latest).toBe(installed);
    expect(first.requests).toEqual(requests(reads.sameInIndex));

    expect((await check()).requests).toEqual(["HEAD"]);
    await restart();
    const later = await check();
    expect(later.requests).toEqual(["HEAD"]);
    expect(later.records.get(name)).toMatchObject({ status: "up_to_date" });
  });

  it("is an update with another image of the platform, whose version is read within the next check", async () => {
    const { name, publish } = await containerOf([image("1"), attested("a")]);
    const { check } = checkerOf(bed);
    await check();

    await publish([image("2"), attested("b")]);
    const first = await check();
    expect(first.records.get(name)).toMatchObject({ status: "update_available" });
    expect(first.versions(name)[0]).toMatch(/^1 \(/);
    expect(first.requests).toEqual(requests(reads.other));

    const second = await check();
    expect(second.requests).toEqual(requests(reads.otherLater));
    expect(second.versions(name)).toEqual([expect.stringMatching(/^1 \(/), expect.stringMatching(/^2 \(/)]);
    expect((await check()).requests).toEqual(["HEAD"]);
  });

  it("is the same update for as long as only the attestation changes", async () => {
    const { name, publish } = await containerOf([image("1")]);
    const { check } = checkerOf(bed);
    await publish([image("2"), attested("a")]);
    await check();
    const before = await check();

    await publish([image("2"), attested("b")]);
    const after = await check();
    const pick = ({ records }: typeof after) => {
      const { latestDigest, latestSince, latestImage } = records.get(name) ?? {};
      return { latestDigest, latestSince, latestImage };
    };
    expect(after.records.get(name)).toMatchObject({ status: "update_available" });
    expect(pick(after)).toEqual(pick(before));
    expect(after.versions(name)).toEqual(before.versions(name));
  });

  it("tells the version that its index is annotated with, without another request", async () => {
    const { name, publish } = await containerOf([image("1")]);
    const { check } = checkerOf(bed);
    await publish([image("2")], { "org.opencontainers.image.version": "2.0.1" });

    const checked = await check();
    expect(checked.versions(name)[1]).toMatch(reads.otherLater === 0 ? /^2 \(/ : /^2\.0\.1 \(/);
    expect(checked.requests).toEqual(requests(reads.annotated));
    expect((await check()).requests).toEqual(["HEAD"]);
  });

  it.each<[string, string, string]>([
    ["another variant's image is rebuilt", "2", "up_to_date"],
    ["its own variant's image is rebuilt", "1", "update_available"],
  ])("knows the variants of arm: %s", async (_, v6, status) => {
    const { name, publish } = await containerOf([image("1", arm("v6")), image("1", arm("v7"))], "linux/arm/v7");
    const { check } = checkerOf(bed);
    expect((await check()).records.get(name)).toMatchObject({ status: "up_to_date", platform: "linux/arm/v7" });

    const v7 = status === "up_to_date" ? "1" : "2";
    await publish([image(v6, arm("v6")), image(v7, arm("v7"))]);
    expect((await check()).records.get(name)).toMatchObject({ status });
  });

  it("looks into an index that stands in the index", async () => {
    const { name, publish } = await containerOf([image("1")]);
    const { check } = checkerOf(bed);
    const nested = (version: string): readonly IndexPart[] => [
      { kind: "index", platform: other, parts: [image("9", other)] },
      { kind: "index", parts: [{ kind: "index", parts: [attested("a"), image(version)] }] },
    ];

    await publish(nested("1"));
    expect((await check()).records.get(name)).toMatchObject({ status: "up_to_date" });
    expect((await check()).requests).toEqual(["HEAD"]);
    await publish(nested("2"));
    expect((await check()).records.get(name)).toMatchObject({ status: "update_available" });
  });

  it("is no update where the platform is gone: the last verdict stays", async () => {
    const { name, publish } = await containerOf([image("1"), image("1", other)]);
    const { check } = checkerOf(bed);
    await check();

    await publish([image("2", other), attested("a")]);
    const gone = {
      status: "registry_error",
      verdict: "up_to_date",
      reason: `${bed.registry.host}/${name}:stable has no image for linux/${own.architecture} any more, only for linux/${other.architecture}.`,
    };
    const first = await check();
    expect(first.records.get(name)).toMatchObject(gone);
    expect(first.requests).toEqual(["HEAD", "GET"]);
    const second = await check();
    expect(second.records.get(name)).toMatchObject(gone);
    expect(second.requests).toEqual(["HEAD"]);
  });

  it.each<[string, string, Platform, string]>([
    ["the same image without an index", "1", own, "up_to_date"],
    ["another image without an index", "2", own, "update_available"],
    ["another platform's image without an index", "2", other, "registry_error"],
  ])("can stand for %s", async (_, version, platform, status) => {
    const { name, publishOne } = await containerOf([image("1"), attested("a")]);
    const { check } = checkerOf(bed);
    await check();

    await publishOne({ version, platform });
    const checked = await check();
    expect(checked.records.get(name)).toMatchObject({ status });
    expect(checked.requests).toEqual(requests(status === "up_to_date" ? reads.sameAlone : 2));
    if (status === "update_available") expect(checked.versions(name)[1]).toMatch(/^2 \(/);
    expect((await check()).requests).toEqual(["HEAD"]);
  });

  it("is no update where the same image was pushed in another format", async () => {
    const name = `app${++repositories}`;
    const { reference } = await publishImage(bed.registry, { name, tag: "stable", version: "1" });
    await pull(reference);
    await create(name, reference);
    const { check } = checkerOf(bed);

    await publishSingle(bed.registry, { name, tag: "stable", spec: { version: "1" } });
    expect((await check()).records.get(name)).toMatchObject({ status: "up_to_date" });
  });

  it("is judged right where the registry has deleted what the container was pulled by", async () => {
    const { name, digest, publish } = await containerOf([image("1"), attested("a")]);
    const { check } = checkerOf(bed);
    await publish([image("1"), attested("b")]);
    await unpublishImage(bed.registry, name, digest);

    expect((await check()).records.get(name)).toMatchObject({ status: "up_to_date" });
    await publish([image("2")]);
    expect((await check()).records.get(name)).toMatchObject({ status: "update_available" });
  });

  it("stays an update where the newer image was pulled by somebody, and says so where the engine tells", async () => {
    const { name, reference, publish } = await containerOf([image("1")]);
    const { check } = checkerOf(bed);
    await check();
    await publish([image("2")]);
    await check();
    await pull(reference);

    // Docker 26 forgets an image of the containerd store whose tag has moved on.
    const told = isContainerd
      ? { verdict: "update_available" }
      : { status: "update_available", reason: expect.stringContaining("is pulled already") };
    expect((await check()).records.get(name)).toMatchObject(told);
  });

  it.skipIf(isContainerd)("is asked about once for all containers of a platform, and for each platform", async () => {
    const { name, reference, publish } = await containerOf([image("1"), image("1", other)]);
    await create(`${name}-twin`, reference);
    // The classic store gives a digest to one image only: the other platform's has to come with another one.
    await publish([image("1"), image("1", other), attested("a")]);
    await pull(reference, `linux/${other.architecture}`);
    await create(`${name}-other`, reference);
    const { check } = checkerOf(bed);
    await check();

    await publish([image("1"), image("2", other)]);
    const checked = await check();
    const statuses = [name, `${name}-twin`, `${name}-other`].map((one) => checked.records.get(one)?.status);
    expect(statuses).toEqual(["up_to_date", "up_to_date", "update_available"]);
    expect(checked.requests).toEqual(["HEAD", "GET", "GET", "GET"]);
  });
}
