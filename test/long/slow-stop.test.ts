import { expect, it } from "vitest";
import { openBed } from "../bed/bed.ts";
import { runContainer, runIn, untilLogged } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { startGangway } from "../gangway.ts";

it("gives a container its own time to stop, though it is longer than the engine's usual ten seconds", async () => {
  await using bed = await openBed({ engine: true, registry: true, broker: true });
  await using client = await bed.broker.connect();
  await using _gangway = await startGangway(bed);
  const script =
    "trap 'sleep 13; echo saved > /data/file; exit 0' TERM; echo ready; while :; do sleep 3600 & wait $!; done";
  const publish = (version: string) => publishImage(bed.registry, { name: "slow", tag: "stable", version });
  const { reference } = await publish("1");
  await pullImage(bed.engine.docker, reference);
  const container = await runContainer(bed.engine.docker, "slow", reference, {
    Cmd: ["/bin/sh", "-c", script],
    StopTimeout: 20,
    HostConfig: { Binds: ["/data"] },
  });
  await untilLogged(container, "ready");
  await client.until(({ retained }) => retained("gangway/bed/container/slow/state"));
  await publish("2");

  await client.publish("gangway/bed/container/slow/command/update", "");
  const isResult = ({ topic, payload }: { readonly topic: string; readonly payload: string }) =>
    topic === "gangway/bed/result" && payload.includes('"update"');
  const { payload } = await client.until(({ messages }) => messages.find(isResult), 90_000);

  expect(JSON.parse(payload)).toMatchObject({ state: "updated" });
  expect(await runIn(bed.engine.docker, "slow", "cat", "/data/file")).toBe("saved");
});
