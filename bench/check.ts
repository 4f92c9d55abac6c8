import type { Samples } from "./figures.ts";
import { isResultOf } from "./listener.ts";
import type { Session } from "./session.ts";
import { nodeTopics } from "./topics.ts";

const settleMs = 1_000;

/** Asks for a check of all containers. */
export async function measureCheck({ lab, listener, program }: Session): Promise<Samples> {
  const { registry } = lab.bed;
  registry.clearRequests();
  const from = listener.records.length;
  const asked = Date.now();
  await listener.publish(nodeTopics.check, "PRESS");
  const result = await program.during(listener.until(isResultOf("check", null), "the result of a check", from));
  await listener.quiet(settleMs);
  const methods = registry.requests().map(({ method }) => method);
  const heads = methods.filter((method) => method === "HEAD").length;
  return {
    heads: [heads / lab.references],
    otherRequests: [methods.length - heads],
    checkSeconds: [(result.time - asked) / 1_000],
  };
}
