import { describe, expect, it } from "vitest";
import { openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { connectClient } from "../bed/mqtt-client.ts";
import { configFor, startGangway } from "../gangway.ts";
import { describePrune } from "../prune-suite.ts";

describe.each([
  ["trixie", true],
  ["sid", false],
  ["sid", true],
] as const)("on the engine of %s (containerd's image store: %s)", (release, store) => {
  describePrune({ release, config: { features: { "containerd-snapshotter": store } } });
});

describe("the command prune over MQTT", () => {
  it("looks, then removes, tells the end to everyone, and has the disk looked at again", async () => {
    await using bed = await openBed({ engine: true, registry: true, broker: true });
    const { docker } = bed.engine;
    for (const version of ["spare 1", "spare 2"]) {
      await pullImage(docker, (await publishImage(bed.registry, { name: "spare", tag: "1", version })).reference);
    }
    const { reference } = await publishImage(bed.registry, { name: "web", tag: "1", version: "1" });
    await pullImage(docker, reference);
    await runContainer(docker, "web", reference);
    await using client = await connectClient(bed.broker.url);
    await using gangway = await startGangway(bed, { config: configFor(bed, { entities: { preset: "full" } }) });
    const node = "gangway/bed";
    const json = (payload: string | undefined) => JSON.parse(payload ?? "{}") as Readonly<Record<string, unknown>>;
    const answerTo = (id: string) =>
      client.until(({ messages }) => {
        const results = messages.filter(({ topic }) => topic === `${node}/result`).map(({ payload }) => json(payload));
        return results.find((result) => result["id"] === id);
      });
    await client.until(({ retained }) => retained(`${node}/container/web/state`) !== undefined, 60_000);

    await client.publish(`${node}/command/prune`, '{"id":"look","dry_run":true}');
    expect(await answerTo("look")).toMatchObject({
      ...{
        command: "prune",
        ok: true,
        state: "unchanged",
        prune: { preview: true, removed: [{ bytes: expect.any(Number) }] },
      },
    });
    await client.publish(`${node}/command/prune`, '{"id":"all","all":true,"dry_run":true}');
    // Its own date is long past: but somebody who has just pulled it is about to use it.
    expect((await answerTo("all"))?.["prune"]).toMatchObject({
      removed: [expect.anything()],
      kept: expect.arrayContaining([
        expect.objectContaining({ name: expect.stringMatching(/spare:1$/), in_use: false }),
      ]),
    });
    await client.publish(`${node}/command/prune`, "PRESS");
    const event = await client.until(({ messages }) =>
      messages.find(({ topic, payload }) => topic === `${node}/event` && json(payload)["event_type"] === "pruned"),
    );

    expect(json(event.payload)).toMatchObject({ what: "images", removed: 1, reclaimed_bytes: expect.any(Number) });
    expect(await docker.listImages({ filters: { dangling: ["true"] } })).toEqual([]);
    const known = await client.until(({ retained }) => {
      const state = json(retained(`${node}/state`));
      return typeof state["images_bytes"] === "number" && state;
    });
    expect(known).toMatchObject({
      images_reclaimable_bytes: expect.any(Number),
      volumes_bytes: 0,
      build_cache_bytes: 0,
    });
    await gangway.stop();
  });
});
