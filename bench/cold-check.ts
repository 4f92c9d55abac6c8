import PQueue from "p-queue";
import { publishImage, pullImage } from "../test/bed/images.ts";
import type { Samples } from "./figures.ts";
import type { Lab } from "./lab.ts";
import { isResultOf, jsonOf } from "./listener.ts";
import { openSession } from "./session.ts";
import { nodeTopics } from "./topics.ts";

const references = 100;
const preparedAtOnce = 4;
const msPerSecond = 1_000;

/** A check of a hundred containers, each of an image of its own, by a program that knows nothing of any of them. */
export async function measureColdCheck(lab: Lab, entry: string): Promise<Samples> {
  const { docker } = lab.bed.engine;
  const names = Array.from({ length: references }, (_, index) => `cold-${String(index + 1).padStart(3, "0")}`);
  const queue = new PQueue({ concurrency: preparedAtOnce });
  const prepare = async (name: string): Promise<void> => {
    const published = await publishImage(lab.bed.registry, { name: `lab/${name}`, tag: "latest", version: name });
    await pullImage(docker, published.reference);
    await docker.createContainer({ name, Image: published.reference });
  };
  await Promise.all(names.map((name) => queue.add(() => prepare(name))));
  try {
    return await measureOnce(lab, entry);
  } finally {
    await Promise.all(names.map((name) => queue.add(() => docker.getContainer(name).remove())));
  }
}

async function measureOnce(lab: Lab, entry: string): Promise<Samples> {
  const { registry } = lab.bed;
  const settings = { containers: { include: ["cold-*"] }, check: { schedule: "24h", on_start: false } };
  await using session = await openSession(lab, { entry, statsSeconds: 0, settings });
  const { listener, program } = session;
  const isCounted = ({ topic, payload }: { readonly topic: string; readonly payload: Buffer }): boolean =>
    topic === nodeTopics.state && jsonOf(payload)["containers_total"] === references;
  await program.during(listener.until(isCounted, "all containers to be counted", 0));
  registry.clearRequests();
  const from = listener.records.length;
  const asked = Date.now();
  await listener.publish(nodeTopics.check, "PRESS");
  const result = await program.during(listener.until(isResultOf("check", null), "the result of a check", from));
  const methods = registry.requests().map(({ method }) => method);
  if (methods.length !== references || methods.some((method) => method !== "HEAD")) {
    throw new Error(`a check of ${references} images asked ${methods.length} times: ${[...new Set(methods)].join()}`);
  }
  return { coldCheck: [(result.time - asked) / msPerSecond] };
}
