import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/core/journal.ts";
import type { Engine } from "../../src/core/ports.ts";
import type { RestoreEntry } from "../../src/core/restore-journal.ts";
import { openEngine } from "../../src/docker/engine.ts";
import { createLog, createSecrets } from "../../src/lib/log.ts";
import { cleanUpAfterUpdate } from "../../src/operations/cleanup.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { loadImage, publishImage, pullImage } from "../bed/images.ts";

let bed: Bed;
let engine: Engine;
const signal = new AbortController().signal;
const log = createLog({ level: "silent", output: { write: () => true }, secrets: createSecrets() });

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true });
  engine = openEngine({ host: bed.engine.host });
  await engine.identify(signal);
});
afterAll(() => bed?.[Symbol.asyncDispose]());
afterEach(async () => {
  for (const { Id } of await bed.engine.docker.listContainers({ all: true })) {
    await bed.engine.docker.getContainer(Id).remove({ force: true });
  }
});

/** An operation that goes from one image to another one. */
function entryWith(imageId: string): JournalEntry {
  return {
    members: [{ newImageId: imageId, inspect: { Image: "sha256:gone" } }],
    retags: [],
  } as unknown as JournalEntry;
}

const none = { all: () => Promise.resolve([]) };
let repositories = 0;

/** A repository whose tag has moved on from version to version, each of them pulled; no other has such images. */
async function repositoryOf(versions: readonly string[], edition = `${repositories + 1}`) {
  const name = `old${++repositories}`;
  const images: Record<string, string> = {};
  let reference = "";
  for (const version of versions) {
    const published = await publishImage(bed.registry, { name, tag: "stable", version: `${version}-${edition}` });
    ({ reference } = published);
    await pullImage(bed.engine.docker, reference);
    images[version] = (await bed.engine.docker.getImage(reference).inspect()).Id;
  }
  const there = async (): Promise<readonly string[]> => {
    const known = new Set((await engine.images(signal)).map(({ id }) => id));
    return versions.filter((version) => known.has(images[version] ?? ""));
  };
  const cleanUp = (options: {
    readonly oldVersion: string;
    readonly keep?: number;
    readonly needed?: readonly string[];
    /** What a restore may have to go back to. */
    readonly restored?: readonly string[];
  }) =>
    cleanUpAfterUpdate(
      {
        engine,
        journal: {
          all: () => Promise.resolve((options.needed ?? []).map((version) => entryWith(images[version] ?? ""))),
        },
        restoreJournal: {
          all: () =>
            Promise.resolve(
              (options.restored ?? []).map(
                (version) => ({ images: [images[version] ?? ""] }) as unknown as RestoreEntry,
              ),
            ),
        },
        keep: options.keep ?? 1,
        log,
      },
      { container: name, oldImageId: images[options.oldVersion] ?? "", reference },
      signal,
    );
  return { name, reference, images, there, cleanUp };
}

describe("cleaning up after an update", () => {
  it("removes what nobody needs, and keeps the way back", async () => {
    const { reference, images, there, cleanUp } = await repositoryOf(["1", "2", "3", "4"]);
    await runContainer(bed.engine.docker, "web", reference);
    expect(await there()).toEqual(["1", "2", "3", "4"]);

    const removed = await cleanUp({ oldVersion: "3" });

    expect(await there()).toEqual(["3", "4"]);
    expect([...removed].sort()).toEqual([images["1"] ?? "", images["2"] ?? ""].sort());
    expect(await cleanUp({ oldVersion: "3" })).toEqual([]);
  });

  it("keeps what a stopped container runs, what has a tag, and what an operation needs", async () => {
    const { reference, images, there, cleanUp } = await repositoryOf(["1", "2", "3", "4", "5", "6", "7"]);
    const { docker } = bed.engine;
    await docker.createContainer({ name: "stopped", Image: images["1"] ?? "" });
    await docker.getImage(images["2"] ?? "").tag({ repo: "gangway/keep", tag: "1a2b3c4d" });
    await runContainer(docker, "web", reference);

    await cleanUp({ oldVersion: "6", needed: ["3"], restored: ["4"] });

    expect(await there()).toEqual(["1", "2", "3", "4", "6", "7"]);
    await docker.getImage("gangway/keep:1a2b3c4d").remove();
  });

  it("lets go of what the container could be rolled back to, but for the newest", async () => {
    const { name, reference, images, there, cleanUp } = await repositoryOf(["1", "2", "3", "4"]);
    await runContainer(bed.engine.docker, "web", reference);
    const keep = (version: string, tag: string): Promise<unknown> =>
      bed.engine.docker.getImage(images[version] ?? "").tag({ repo: `gangway/keep/${name}`, tag });
    await keep("1", "20260101-000000");
    await keep("2", "20260102-000000");
    await keep("3", "20260103-000000");
    // Of this one it is the only name, and a container uses it.
    const only = await loadImage(bed.engine.docker, `gangway/keep/${name}:20251231-000000`, { version: name });
    await bed.engine.docker.createContainer({ name: "stopped", Image: only });

    await cleanUp({ oldVersion: "3", keep: 2 });
    expect(await there()).toEqual(["2", "3", "4"]);

    await cleanUp({ oldVersion: "3" });
    expect(await there()).toEqual(["3", "4"]);
    const tags = (await engine.images(signal)).flatMap((image) => image.tags);
    expect(tags.filter((tag) => tag.startsWith("gangway/")).sort()).toEqual([
      `gangway/keep/${name}:20251231-000000`,
      `gangway/keep/${name}:20260103-000000`,
    ]);
  });

  it("lets go of the versions that updates to other tags have left behind, but for what somebody else wants", async () => {
    const { docker } = bed.engine;
    const tags = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"];
    const ids: Record<string, string> = {};
    const repository = `${bed.registry.host}/versions`;
    for (const tag of tags) {
      await pullImage(docker, (await publishImage(bed.registry, { name: "versions", tag, version: tag })).reference);
      ids[tag] = (await docker.getImage(`${repository}:${tag}`).inspect()).Id;
    }
    // The last one was never run by the container, nor is it now; of the second another container is made.
    for (const [index, tag] of ["1.0.0", "1.1.0", "1.2.0"].entries()) {
      await docker
        .getImage(`${repository}:${tag}`)
        .tag({ repo: "gangway/keep/web", tag: `2026010${index + 1}-000000` });
    }
    await runContainer(docker, "web", `${repository}:1.4.0`);
    await docker.createContainer({ name: "other", Image: `${repository}:1.1.0` });

    const removed = await cleanUpAfterUpdate(
      { engine, journal: none, restoreJournal: none, keep: 1, log },
      { container: "web", oldImageId: ids["1.2.0"] ?? "", reference: `${repository}:1.4.0` },
      signal,
    );

    const left = (await engine.images(signal))
      .flatMap((image) => image.tags)
      .filter((tag) => tag.startsWith(repository));
    expect(left.map((tag) => tag.slice(repository.length + 1)).sort()).toEqual(["1.1.0", "1.2.0", "1.3.0", "1.4.0"]);
    expect(removed).toEqual([ids["1.0.0"]]);
    expect((await engine.images(signal)).some(({ id }) => id === ids["1.0.0"])).toBe(false);
  });

  it("touches no other repository, though it has the same image", async () => {
    const one = await repositoryOf(["1", "2", "3"], "shared");
    const other = await repositoryOf(["1", "2", "3"], "shared");

    await one.cleanUp({ oldVersion: "2" });

    expect(await other.there()).toEqual(["1", "2", "3"]);
  });

  it("leaves to the engine what it refuses to remove, and goes on", async () => {
    const { images, there, cleanUp } = await repositoryOf(["1", "2", "3", "4"]);
    const refusing: Pick<Engine, "list"> = { list: () => Promise.resolve([]) };
    await bed.engine.docker.createContainer({ name: "unseen", Image: images["1"] ?? "" });
    const seeing = engine;
    engine = { ...engine, ...refusing };
    try {
      await cleanUp({ oldVersion: "3" });
    } finally {
      engine = seeing;
    }

    expect(await there()).toEqual(["1", "3", "4"]);
  });

  it("fails nothing where the engine is not there", async () => {
    const { cleanUp } = await repositoryOf(["1", "2"]);
    const there = engine;
    engine = openEngine({ host: "unix:///nowhere/docker.sock" });
    try {
      expect(await cleanUp({ oldVersion: "1" })).toEqual([]);
    } finally {
      engine = there;
    }
  });
});
