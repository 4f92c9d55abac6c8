import type { NodeNews, ProcessUsage, ServedNode } from "../../core/doors.ts";
import { deadline } from "../../lib/time.ts";
import { type GateDependencies, guard } from "../gate.ts";
import type { Door } from "../server.ts";
import { refuseInAWord } from "../word-errors.ts";
import { expositionOf, expositionType } from "./exposition.ts";
import { seriesOf } from "./series.ts";
import { counted, emptyTally, type Tally } from "./tally.ts";

/** What `/metrics` is about. */
export interface MetricsSubject {
  readonly nodes: () => readonly ServedNode[];
  readonly tallies: () => ReadonlyMap<string, Tally>;
  readonly usage: () => ProcessUsage;
  readonly version: string;
}

/** Prometheus waits ten seconds by default. */
const imagesMs = 3_000;

/** `GET /metrics`, in Prometheus's text format. */
export function metricsDoor({ nodes, tallies, usage, version }: MetricsSubject, gate: GateDependencies): Door {
  return {
    open: (app, closing) => {
      guard(app, gate, { refuse: refuseInAWord }, closing);
      app.get("/metrics", { config: { access: { scope: "read" } } }, async (_request, reply) => {
        const served = nodes();
        const images = new Map(await Promise.all(served.map((node) => imageCount(node, closing))));
        const series = seriesOf({ nodes: served, images, tallies: tallies(), usage: usage(), version });
        return reply.type(expositionType).header("cache-control", "no-store").send(expositionOf(series));
      });
    },
  };
}

async function imageCount(
  { name, engine, inventory }: ServedNode,
  signal: AbortSignal,
): Promise<[string, number | null]> {
  // An engine that is away would only make everything else late.
  if (inventory.node().engine === undefined) return [name, null];
  try {
    return [name, (await engine.images(deadline(imagesMs, signal))).length];
  } catch {
    return [name, null];
  }
}

/** Counts from now on; the news of a node come one after the other. */
export function createTallies(): {
  readonly all: () => ReadonlyMap<string, Tally>;
  readonly count: (node: string, news: NodeNews) => void;
} {
  const tallies = new Map<string, Tally>();
  return {
    all: () => tallies,
    count: (node, news) => {
      tallies.set(node, counted(tallies.get(node) ?? emptyTally, news));
    },
  };
}
