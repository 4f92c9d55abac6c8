/** Something that is measured, and what it may come to at most. */
export interface Figure {
  readonly section: string;
  readonly title: string;
  readonly unit: string;
  /** Decimal places that are shown. */
  readonly digits: number;
  /** Absent where the figure only explains another. */
  readonly target?: number;
}

const start = "Start, with nothing known of earlier runs";
const memory = "Resident memory";
const idle = "Idle for a minute";
const change = "A container is stopped or started";
const check = "Check";
const update = "Update of one container";
const http = "HTTP";
const backup = "Backup of a volume of 2 GiB";
const outage = "Ends and returns";

/** In the order in which they are shown. */
export const figures = {
  firstDevice: { section: start, title: "to the first container's device", unit: "s", digits: 2, target: 1 },
  published: { section: start, title: "to all discovery and state published", unit: "s", digits: 2, target: 1.5 },
  publishedCpu: { section: start, title: "  own CPU for it", unit: "s", digits: 2, target: 1.5 },
  judged: { section: start, title: "to all update statuses known", unit: "s", digits: 2, target: 2 },
  judgedCpu: { section: start, title: "  own CPU for it", unit: "s", digits: 2 },
  judgedSlowly: {
    section: start,
    title: "  where the registry takes 100 ms a request",
    unit: "s",
    digits: 2,
    target: 2,
  },
  publishedMessages: { section: start, title: "MQTT messages per container", unit: "", digits: 2, target: 5 },
  messages: { section: start, title: "  with the update statuses, once they are known", unit: "", digits: 2 },

  peak: { section: memory, title: "at its peak", unit: "MiB", digits: 0, target: 150 },
  settled: { section: memory, title: "settled, without statistics", unit: "MiB", digits: 0, target: 110 },
  settledWithStats: { section: memory, title: "settled, with statistics", unit: "MiB", digits: 0, target: 110 },

  idleCpu: { section: idle, title: "own CPU without statistics", unit: "s", digits: 2, target: 0.4 },
  idleMessages: { section: idle, title: "MQTT messages without statistics", unit: "", digits: 0, target: 0 },
  statsCpu: { section: idle, title: "own CPU with statistics every 30 s", unit: "s", digits: 2, target: 1.5 },

  latencyMedian: { section: change, title: "engine's event to state, p50 of 40", unit: "ms", digits: 0, target: 50 },
  latencyHigh: { section: change, title: "engine's event to state, p95 of 40", unit: "ms", digits: 0, target: 50 },
  changeMessages: { section: change, title: "states by MQTT, the node's included", unit: "", digits: 2, target: 2 },
  changeEvents: { section: change, title: "  events beside them: a stop is one", unit: "", digits: 2 },
  changeRepeats: { section: change, title: "messages that said nothing new, all told", unit: "", digits: 0, target: 0 },

  heads: { section: check, title: "HEAD requests for each distinct reference", unit: "", digits: 2, target: 1 },
  otherRequests: { section: check, title: "other requests to the registry", unit: "", digits: 0, target: 0 },
  checkSeconds: { section: check, title: "command to result", unit: "s", digits: 2 },
  coldCheck: {
    section: check,
    title: "  of 100 images of which nothing is known",
    unit: "s",
    digits: 2,
    target: 1.5,
  },

  replaced: { section: update, title: "command to new container started", unit: "s", digits: 2, target: 0.8 },
  downtime: { section: update, title: "downtime: old one died to new one started", unit: "s", digits: 2, target: 0.45 },
  restart: { section: update, title: "  the engine's own stop and start", unit: "s", digits: 2 },
  downtimeShare: {
    section: update,
    title: "  the update's, as a multiple of the engine's",
    unit: "",
    digits: 2,
    target: 1.15,
  },
  upToDate: { section: update, title: 'gate passed to "up to date" on MQTT', unit: "s", digits: 2, target: 0.3 },

  statusMedian: { section: http, title: "GET /status, p50 of 1000, statistics on", unit: "ms", digits: 1 },
  statusHigh: { section: http, title: "GET /status, p95 of 1000, statistics on", unit: "ms", digits: 1, target: 20 },
  slowClientsLatency: {
    section: http,
    title: "event to state, p95, with 500 slow clients",
    unit: "ms",
    digits: 0,
    target: 50,
  },

  backupTar: { section: backup, title: "tar in a container, to the same disk", unit: "s", digits: 2 },
  backupPlain: { section: backup, title: "data read and written, uncompressed", unit: "s", digits: 2 },
  backupShare: { section: backup, title: "  as a multiple of tar's time", unit: "", digits: 2, target: 1.43 },
  backupPeak: { section: backup, title: "  resident memory at its peak", unit: "MiB", digits: 0, target: 150 },
  backupPacked: { section: backup, title: "data read and written with zstd", unit: "s", digits: 2 },
  backupPackedShare: { section: backup, title: "  as a multiple of tar's time", unit: "", digits: 2, target: 1.43 },
  backupPackedPeak: { section: backup, title: "  resident memory at its peak", unit: "MiB", digits: 0, target: 150 },

  brokerReturn: { section: outage, title: "broker's return to everything right", unit: "s", digits: 2, target: 3 },
  engineReturn: { section: outage, title: "engine's return to everything right", unit: "s", digits: 2, target: 3 },
  exit: { section: outage, title: "SIGTERM to exit when idle", unit: "s", digits: 2, target: 2 },
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureName = keyof typeof figures;

/** What was measured of each figure, one number for each time. */
export type Samples = Readonly<Partial<Record<FigureName, readonly number[]>>>;

export const figureList: readonly (readonly [FigureName, Figure])[] = Object.entries(figures).map(([name, figure]) => [
  name as FigureName,
  figure,
]);

/** All samples of the same figure together. */
export function together(parts: readonly Samples[]): Samples {
  return Object.fromEntries(
    figureList
      .map(([name]) => [name, parts.flatMap((part) => part[name] ?? [])] as const)
      .filter(([, values]) => values.length > 0),
  );
}
