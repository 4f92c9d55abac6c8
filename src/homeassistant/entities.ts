import { eventTypes } from "../core/node-event.ts";

/** A Home Assistant platform that Gangway publishes entities for. */
type Platform = "binary_sensor" | "button" | "event" | "sensor" | "switch" | "update";

/** The topics of a device that an entity can read its state from. */
export type Source = "engine" | "event" | "state" | "stats" | "update";

/** One entity, as a row of a table: what differs between entities, in Home Assistant's own keys. */
export interface EntityRow {
  /** Part of the unique id: never changes. */
  readonly key: string;
  readonly platform: Platform;
  /** Null: the device's main entity, which bears its name. */
  readonly name: string | null;
  readonly source?: Source;
  readonly command?: string;
  /** Further members of the discovery component. */
  readonly config: Readonly<Record<string, unknown>>;
}

const kilo = 1_000;
const mebi = 1_048_576;

/** A template for a member of the state JSON, null for unknown. */
function value(member: string): string {
  return `{{ value_json.${member} }}`;
}

/** The same, divided into a larger unit. */
function scaled(member: string, divisor: number, digits: number): string {
  const read = `value_json.${member}`;
  return `{{ (${read} / ${divisor}) | round(${digits}) if ${read} is not none else None }}`;
}

function measurement(member: string, unit: string | undefined, digits: number): EntityRow["config"] {
  return {
    value_template: value(member),
    state_class: "measurement",
    suggested_display_precision: digits,
    ...(unit === undefined ? {} : { unit_of_measurement: unit }),
  };
}

function dataRate(member: string): EntityRow["config"] {
  return {
    ...measurement(member, "kB/s", 1),
    device_class: "data_rate",
    value_template: scaled(member, kilo, 1),
  };
}

const diagnostic = { entity_category: "diagnostic" };
const hidden = { enabled_by_default: false };

/** The entities of every container. */
export const containerEntities: readonly EntityRow[] = [
  {
    key: "update",
    platform: "update",
    name: "Update",
    source: "update",
    command: "update",
    config: { payload_install: "install" },
  },
  {
    key: "power",
    platform: "switch",
    name: null,
    source: "state",
    command: "power",
    config: { value_template: "{{ 'ON' if value_json.running else 'OFF' }}", icon: "mdi:docker" },
  },
  { key: "restart", platform: "button", name: "Restart", command: "restart", config: { device_class: "restart" } },
  {
    key: "check",
    platform: "button",
    name: "Check for update",
    command: "check",
    config: { icon: "mdi:magnify", ...diagnostic },
  },
  {
    key: "auto_update",
    platform: "switch",
    name: "Automatic update",
    source: "state",
    command: "auto_update",
    config: {
      value_template: "{{ 'ON' if value_json.auto_update else 'OFF' }}",
      icon: "mdi:update",
      entity_category: "config",
    },
  },
  {
    key: "state",
    platform: "sensor",
    name: "State",
    source: "state",
    config: {
      value_template: value("state"),
      device_class: "enum",
      options: ["created", "running", "paused", "restarting", "removing", "exited", "dead"],
      icon: "mdi:list-status",
    },
  },
  {
    key: "health",
    platform: "sensor",
    name: "Health",
    source: "state",
    config: {
      value_template: value("health"),
      device_class: "enum",
      options: ["none", "starting", "healthy", "unhealthy"],
      icon: "mdi:heart-pulse",
      ...diagnostic,
    },
  },
];

/** The entities of every container that exist only while statistics are on. */
export const statsEntities: readonly EntityRow[] = [
  {
    key: "cpu",
    platform: "sensor",
    name: "CPU",
    source: "stats",
    config: { ...measurement("cpu_percent", "%", 1), icon: "mdi:cpu-64-bit" },
  },
  {
    key: "memory",
    platform: "sensor",
    name: "Memory",
    source: "stats",
    config: {
      ...measurement("memory_bytes", "MiB", 0),
      device_class: "data_size",
      value_template: scaled("memory_bytes", mebi, 1),
    },
  },
  {
    key: "memory_percent",
    platform: "sensor",
    name: "Memory usage",
    source: "stats",
    config: { ...measurement("memory_percent", "%", 1), icon: "mdi:memory", ...hidden },
  },
  { key: "net_rx", platform: "sensor", name: "Network in", source: "stats", config: dataRate("net_rx_rate") },
  { key: "net_tx", platform: "sensor", name: "Network out", source: "stats", config: dataRate("net_tx_rate") },
  {
    key: "block_read",
    platform: "sensor",
    name: "Disk read",
    source: "stats",
    config: { ...dataRate("block_read_rate"), ...hidden },
  },
  {
    key: "block_write",
    platform: "sensor",
    name: "Disk write",
    source: "stats",
    config: { ...dataRate("block_write_rate"), ...hidden },
  },
];

/** The entities of the node. */
export const nodeEntities: readonly EntityRow[] = [
  {
    key: "engine",
    platform: "binary_sensor",
    name: "Docker engine",
    source: "engine",
    config: { device_class: "connectivity", payload_on: "online", payload_off: "offline", ...diagnostic },
  },
  {
    key: "updates",
    platform: "sensor",
    name: "Updates available",
    source: "state",
    config: { ...measurement("updates_available", undefined, 0), icon: "mdi:package-up" },
  },
  {
    key: "running",
    platform: "sensor",
    name: "Containers running",
    source: "state",
    config: { ...measurement("containers_running", undefined, 0), icon: "mdi:docker" },
  },
  {
    key: "total",
    platform: "sensor",
    name: "Containers",
    source: "state",
    config: { ...measurement("containers_total", undefined, 0), icon: "mdi:docker", ...hidden },
  },
  {
    key: "unhealthy",
    platform: "sensor",
    name: "Containers unhealthy",
    source: "state",
    config: { ...measurement("containers_unhealthy", undefined, 0), icon: "mdi:heart-broken" },
  },
  {
    key: "docker_version",
    platform: "sensor",
    name: "Docker version",
    source: "state",
    config: { value_template: value("docker_version"), icon: "mdi:docker", ...diagnostic },
  },
  {
    key: "last_check",
    platform: "sensor",
    name: "Last check",
    source: "state",
    config: { value_template: value("last_check"), device_class: "timestamp", ...diagnostic },
  },
  {
    key: "next_check",
    platform: "sensor",
    name: "Next check",
    source: "state",
    config: { value_template: value("next_check"), device_class: "timestamp", ...diagnostic, ...hidden },
  },
  {
    key: "event",
    platform: "event",
    name: "Event",
    source: "event",
    config: { event_types: eventTypes, icon: "mdi:bell-outline" },
  },
  { key: "check", platform: "button", name: "Check for updates", command: "check", config: { icon: "mdi:magnify" } },
  {
    key: "rediscover",
    platform: "button",
    name: "Publish everything again",
    command: "rediscover",
    config: { icon: "mdi:refresh", entity_category: "config", ...hidden },
  },
];

/** The entities of the node that exist only while statistics are on. */
export const nodeStatsEntities: readonly EntityRow[] = [
  {
    key: "cpu",
    platform: "sensor",
    name: "Containers CPU",
    source: "stats",
    config: { ...measurement("cpu_percent", "%", 1), icon: "mdi:cpu-64-bit" },
  },
  {
    key: "memory",
    platform: "sensor",
    name: "Containers memory",
    source: "stats",
    config: {
      ...measurement("memory_bytes", "MiB", 0),
      device_class: "data_size",
      value_template: scaled("memory_bytes", mebi, 1),
    },
  },
];
