import { isRunning } from "../../core/container.ts";
import type { ProcessUsage, ServedNode } from "../../core/doors.ts";
import { currentCheck, hasUpdate } from "../../core/entry.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Entry } from "../../core/ports.ts";
import { updateStatuses } from "../../core/update-status.ts";
import type { Family, Sample } from "./exposition.ts";
import type { Tally } from "./tally.ts";

export interface SeriesSubject {
  readonly nodes: readonly ServedNode[];
  /** By node; null where the engine did not tell. */
  readonly images: ReadonlyMap<string, number | null>;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly usage: ProcessUsage;
  readonly version: string;
}

/** Everything that `/metrics` shows. Labels are nodes, containers and closed lists: their number is bounded. */
export function seriesOf(subject: SeriesSubject): readonly Family[] {
  return [
    ...engineSeries(subject),
    ...registrySeries(subject),
    ...containerSeries(subject),
    ...operationSeries(subject),
    ...processSeries(subject),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "counter", help, samples };
}

function engineSeries({ nodes, images }: SeriesSubject): readonly Family[] {
  const each = (value: (node: ServedNode) => number | null): readonly Sample[] =>
    nodes.map((node) => ({ labels: { node: node.name }, value: value(node) }));
  /** Before all containers have been read, nobody knows how many there are. */
  const counted =
    (isIn: (entry: Entry) => boolean) =>
    ({ inventory }: ServedNode): number | null =>
      inventory.node().isCounted === true ? inventory.all().filter(isIn).length : null;
  const seconds = (time: string | undefined): number | null => (time === undefined ? null : Date.parse(time) / 1000);
  const isUp = ({ inventory }: ServedNode): number => (inventory.node().engine === undefined ? 0 : 1);
  return [
    // The names of the Docker Management API.
    gauge("docker_daemon_up", "Is the engine reachable?", each(isUp)),
    gauge("docker_containers_total", "Watched containers.", each(counted(() => true))),
    gauge(
      "docker_containers_running",
      "Watched containers that run.",
      each(counted(({ container }) => isRunning(container))),
    ),
    gauge(
      "docker_images_total",
      "Images of the engine.",
      each(({ name }) => images.get(name) ?? null),
    ),
    gauge(
      "gangway_containers_unhealthy",
      "Watched containers whose health check fails.",
      each(counted(({ container }) => container.health === "unhealthy")),
    ),
    gauge(
      "gangway_disk_bytes",
      "What lies on the engine's disk, where an entity shows it.",
      nodes.flatMap(diskSamples),
    ),
    gauge("gangway_updates_available", "Watched containers with an update.", each(counted(hasUpdate))),
    gauge(
      "gangway_broker_connected",
      "Is the MQTT broker connected?",
      each(({ isBrokerConnected }) => (isBrokerConnected() ? 1 : 0)),
    ),
    gauge(
      "gangway_last_check_timestamp_seconds",
      "When the registries were last asked about everything.",
      each(({ inventory }) => seconds(inventory.node().lastCheck)),
    ),
    gauge(
      "gangway_next_check_timestamp_seconds",
      "When they will be asked again.",
      each(({ inventory }) => seconds(inventory.node().nextCheck)),
    ),
    gauge(
      "gangway_checks",
      "Watched containers by what the last check found.",
      nodes.flatMap((node) =>
        updateStatuses.map((status) => ({
          labels: { node: node.name, status },
          value: counted((entry) => currentCheck(entry)?.status === status)(node),
        })),
      ),
    ),
  ];
}

/** `reclaimable`: of images at least so much. */
function diskSamples({ name: node, inventory }: ServedNode): readonly Sample[] {
  const { disk } = inventory.node();
  if (disk === undefined) return [];
  const parts = [
    ["images", disk.imageBytes],
    ["images_reclaimable", disk.reclaimableImageBytes],
    ["volumes", disk.volumeBytes],
    ["volumes_reclaimable", disk.reclaimableVolumeBytes],
    ["containers", disk.containerBytes],
    ["build_cache", disk.buildCacheBytes],
  ] as const;
  return parts.map(([part, value]) => ({ labels: { node, part }, value }));
}

/** As many registries at most are shown: nobody uses more, and a container's image can name any. */
const mostRegistries = 50;

function registrySeries({ nodes }: SeriesSubject): readonly Family[] {
  const told = nodes.flatMap(({ name: node, inventory }) =>
    (inventory.node().registryLimits ?? []).slice(0, mostRegistries).map((limit) => ({ node, limit })),
  );
  const each = (value: (limit: (typeof told)[number]["limit"]) => number | null): readonly Sample[] =>
    told.map(({ node, limit }) => ({ labels: { node, registry: limit.registry }, value: value(limit) }));
  return [
    gauge(
      "gangway_registry_limited_until_timestamp_seconds",
      "Until when a registry wants to be left alone; absent where it may be asked.",
      each(({ limitedUntil }) => (limitedUntil === undefined ? null : limitedUntil / 1000)),
    ),
    gauge(
      "gangway_registry_quota_limit",
      "How much the registry lets one have in its window.",
      each(({ quota }) => quota?.limit ?? null),
    ),
    gauge(
      "gangway_registry_quota_remaining",
      "How much of it was left when it last said so.",
      each(({ quota }) => quota?.remaining ?? null),
    ),
  ];
}

/** A series with a value for each container. */
interface Row<Subject> {
  readonly name: string;
  readonly type?: Family["type"];
  readonly help: string;
  readonly value: (subject: Subject) => number | null;
}

const containerRows: readonly Row<Entry>[] = [
  {
    name: "gangway_container_running",
    help: "Does it run?",
    value: ({ container }) => (isRunning(container) ? 1 : 0),
  },
  {
    name: "gangway_container_healthy",
    help: "Is its health check content? Absent where there is none, or none has ended yet.",
    value: ({ container: { health } }) => (health === "healthy" ? 1 : health === "unhealthy" ? 0 : null),
  },
  {
    name: "gangway_container_restarts",
    help: "How often the engine has restarted it.",
    value: ({ container }) => container.restartCount,
  },
  {
    name: "gangway_container_update_available",
    help: "Is there an update? Absent before the first certain answer.",
    value: (entry) => (currentCheck(entry)?.verdict === undefined ? null : hasUpdate(entry) ? 1 : 0),
  },
];

const counterRow = { type: "counter" } as const;
const metricRows: readonly Row<Metrics>[] = [
  {
    name: "gangway_container_cpu_ratio",
    help: "CPU use, 1 for a whole core.",
    value: ({ cpuPercent }) => (cpuPercent === null ? null : cpuPercent / 100),
  },
  { name: "gangway_container_memory_bytes", help: "Memory use.", value: ({ memoryBytes }) => memoryBytes },
  { name: "gangway_container_memory_limit_bytes", help: "Memory limit.", value: (known) => known.memoryLimitBytes },
  {
    ...{ name: "gangway_container_network_receive_bytes_total", ...counterRow, help: "Received." },
    value: ({ netRxBytes }) => netRxBytes,
  },
  {
    ...{ name: "gangway_container_network_transmit_bytes_total", ...counterRow, help: "Sent." },
    value: ({ netTxBytes }) => netTxBytes,
  },
  {
    ...{ name: "gangway_container_block_read_bytes_total", ...counterRow, help: "Read from disks." },
    value: ({ blockReadBytes }) => blockReadBytes,
  },
  {
    ...{ name: "gangway_container_block_write_bytes_total", ...counterRow, help: "Written to disks." },
    value: ({ blockWriteBytes }) => blockWriteBytes,
  },
  { name: "gangway_container_pids", help: "Processes and threads.", value: ({ pids }) => pids },
];

function familyOf({ name, type = "gauge", help }: Omit<Row<never>, "value">, samples: readonly Sample[]): Family {
  return { name, type, help, samples };
}

function containerSeries({ nodes }: SeriesSubject): readonly Family[] {
  const all = nodes.flatMap(({ name: node, inventory }) =>
    inventory.all().map((entry) => ({
      labels: { node, container: entry.container.name },
      entry,
      metrics: inventory.metricsOf(entry.container.name),
    })),
  );
  return [
    ...containerRows.map((row) =>
      familyOf(
        row,
        all.map(({ labels, entry }) => ({ labels, value: row.value(entry) })),
      ),
    ),
    ...metricRows.map((row) =>
      familyOf(
        row,
        all.map(({ labels, metrics }) => ({ labels, value: metrics === undefined ? null : row.value(metrics) })),
      ),
    ),
  ];
}

function operationSeries({ nodes, tallies }: SeriesSubject): readonly Family[] {
  return [
    counter(
      "gangway_operations_total",
      "Operations that have ended since the start, by command and by how they ended.",
      [...tallies].flatMap(([node, tally]) =>
        tally.operations.map(({ command, state, count }) => ({ labels: { node, command, state }, value: count })),
      ),
    ),
    counter(
      "gangway_operation_seconds_total",
      "How long they took together, the time in the queue included.",
      [...tallies].flatMap(([node, tally]) =>
        tally.operations.map(({ command, state, seconds }) => ({ labels: { node, command, state }, value: seconds })),
      ),
    ),
    gauge(
      "gangway_operations_pending",
      "Operations that wait or run.",
      nodes.flatMap(({ name: node, operations }) => {
        const pending = operations.pending();
        return (["queued", "running"] as const).map((state) => ({
          labels: { node, state },
          value: pending.filter((operation) => operation.state === state).length,
        }));
      }),
    ),
    counter(
      "gangway_events_total",
      "What has happened since the start, by kind.",
      [...tallies].flatMap(([node, tally]) =>
        tally.events.map(({ type, count }) => ({ labels: { node, type }, value: count })),
      ),
    ),
  ];
}

function processSeries({ usage, version }: SeriesSubject): readonly Family[] {
  const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
  return [
    gauge("gangway_info", "Gangway's release.", [{ labels: { version }, value: 1 }]),
    counter("process_cpu_seconds_total", "CPU time used.", one(usage.cpuSeconds)),
    gauge("process_resident_memory_bytes", "Memory in use.", one(usage.residentBytes)),
    gauge("process_start_time_seconds", "When the process started.", one(usage.startedAt)),
    gauge("nodejs_heap_size_used_bytes", "Memory in use by objects.", one(usage.heapUsedBytes)),
  ];
}
