import { type EntitySelection, type NodeEntityKey, presenceOf } from "../core/entity-selection.ts";
import { eventTypes } from "../core/node-event.ts";
import {
  configuration,
  diagnostic,
  diskSize,
  type EntityRow,
  measurement,
  memorySize,
  oneOf,
  timestamp,
  value,
} from "./entity-row.ts";

type Row = EntityRow<NodeEntityKey>;

/** What a node can be at work with. */
export const jobs = ["idle", "checking", "updating"] as const;

/** The entities of the node but its figures. */
export const nodeEntities: readonly Row[] = [
  {
    key: "engine",
    platform: "binary_sensor",
    name: "Docker engine",
    source: "engine",
    from: "minimal",
    config: { device_class: "connectivity", payload_on: "online", payload_off: "offline", ...diagnostic },
  },
  {
    key: "updates",
    platform: "sensor",
    name: "Updates available",
    source: "state",
    from: "minimal",
    attributes: { containers: "updates" },
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
    isSeldomWanted: true,
    config: { ...measurement("containers_total", undefined, 0), icon: "mdi:docker" },
  },
  {
    key: "unhealthy",
    platform: "sensor",
    name: "Containers unhealthy",
    source: "state",
    config: { ...measurement("containers_unhealthy", undefined, 0), icon: "mdi:heart-broken" },
  },
  {
    key: "job",
    platform: "sensor",
    name: "Job",
    source: "state",
    config: { ...oneOf("job", jobs), icon: "mdi:progress-wrench", ...diagnostic },
  },
  {
    key: "docker_version",
    platform: "sensor",
    name: "Docker version",
    source: "state",
    config: { value_template: value("docker_version"), icon: "mdi:docker", ...diagnostic },
  },
  {
    key: "gangway_version",
    platform: "sensor",
    name: "Gangway version",
    source: "state",
    isSeldomWanted: true,
    config: { value_template: value("gangway_version"), icon: "mdi:information-outline", ...diagnostic },
  },
  {
    key: "last_check",
    platform: "sensor",
    name: "Last check",
    source: "state",
    config: { ...timestamp("last_check"), ...diagnostic },
  },
  {
    key: "next_check",
    platform: "sensor",
    name: "Next check",
    source: "state",
    isSeldomWanted: true,
    config: { ...timestamp("next_check"), ...diagnostic },
  },
  {
    key: "registry_limits",
    platform: "sensor",
    name: "Registry limits",
    source: "state",
    attributes: { registries: "registry_limits" },
    config: { ...measurement("registries_limited", undefined, 0), icon: "mdi:speedometer-slow", ...diagnostic },
  },
  {
    key: "event",
    platform: "event",
    name: "Event",
    source: "event",
    from: "minimal",
    config: { event_types: eventTypes, icon: "mdi:bell-outline" },
  },
  {
    key: "check",
    platform: "button",
    name: "Check for updates",
    command: "check",
    from: "minimal",
    config: { icon: "mdi:magnify" },
  },
  {
    key: "update_all",
    platform: "button",
    name: "Update all",
    command: "update_all",
    isSeldomWanted: true,
    config: { icon: "mdi:package-up", ...configuration },
  },
  {
    key: "auto_update",
    platform: "switch",
    name: "Automatic updates",
    source: "state",
    command: "auto_update",
    isSeldomWanted: true,
    config: {
      value_template: "{{ None if value_json.auto_update is none else 'ON' if value_json.auto_update else 'OFF' }}",
      icon: "mdi:update",
      ...configuration,
    },
  },
  {
    key: "prune",
    platform: "button",
    name: "Prune images",
    command: "prune",
    isSeldomWanted: true,
    config: { icon: "mdi:broom", ...configuration },
  },
  {
    key: "rediscover",
    platform: "button",
    name: "Publish everything again",
    command: "rediscover",
    isSeldomWanted: true,
    config: { icon: "mdi:refresh", ...configuration },
  },
];

/** The entities of the node that exist only while statistics are on. */
export const nodeStatsEntities: readonly Row[] = [
  {
    key: "cpu",
    platform: "sensor",
    name: "Containers CPU",
    source: "stats",
    config: { ...measurement("cpu_percent", "%", 1), icon: "mdi:cpu-64-bit" },
  },
  { key: "memory", platform: "sensor", name: "Containers memory", source: "stats", config: memorySize("memory_bytes") },
];

/** A part of the engine's disk. The engine works hard for these figures: who wants them says so. */
function diskEntity(key: NodeEntityKey, name: string, member: string, icon: string): Row {
  return {
    ...{ key, name, platform: "sensor", source: "state", from: "full" },
    config: { ...diskSize(member), icon, ...diagnostic },
  };
}

/** What the engine's disk holds. */
export const nodeDiskEntities: readonly Row[] = [
  diskEntity("images_size", "Images size", "images_bytes", "mdi:harddisk"),
  diskEntity("images_reclaimable", "Images reclaimable", "images_reclaimable_bytes", "mdi:broom"),
  diskEntity("volumes_size", "Volumes size", "volumes_bytes", "mdi:database"),
  diskEntity("volumes_reclaimable", "Volumes reclaimable", "volumes_reclaimable_bytes", "mdi:broom"),
  diskEntity("containers_size", "Containers size", "containers_bytes", "mdi:docker"),
  diskEntity("build_cache_size", "Build cache size", "build_cache_bytes", "mdi:hammer-wrench"),
];

/** Is there an entity that shows the disk? */
export function isDiskShown(selection: EntitySelection): boolean {
  return nodeDiskEntities.some((row) => presenceOf(`node.${row.key}`, row, selection) !== "absent");
}
