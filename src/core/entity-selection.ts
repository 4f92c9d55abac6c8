/*
 * Which entities Home Assistant is told of. The keys are parts of unique ids and words of the configuration: none ever
 * changes. What an entity is stands in homeassistant/container-entities.ts and homeassistant/node-entities.ts.
 */

/** The entities of every container. */
export const containerEntityKeys = [
  "update",
  "power",
  "restart",
  "check",
  "recreate",
  "rollback",
  "backup",
  "auto_update",
  "state",
  "health",
  "problem",
  "check_problem",
  "update_status",
  "phase",
  "last_result",
  "last_update",
  "last_backup",
  "started_at",
  "restarts",
  "exit_code",
  "image",
  "digest",
  "cpu",
  "memory",
  "memory_percent",
  "memory_limit",
  "net_rx",
  "net_tx",
  "net_rx_total",
  "net_tx_total",
  "block_read",
  "block_write",
  "block_read_total",
  "block_write_total",
  "pids",
] as const;
export type ContainerEntityKey = (typeof containerEntityKeys)[number];

/** The entities of the node. */
export const nodeEntityKeys = [
  "engine",
  "updates",
  "running",
  "total",
  "unhealthy",
  "job",
  "docker_version",
  "gangway_version",
  "last_check",
  "next_check",
  "registry_limits",
  "event",
  "check",
  "update_all",
  "auto_update",
  "prune",
  "rediscover",
  "cpu",
  "memory",
  "images_size",
  "images_reclaimable",
  "volumes_size",
  "volumes_reclaimable",
  "containers_size",
  "build_cache_size",
] as const;
export type NodeEntityKey = (typeof nodeEntityKeys)[number];

/** What the configuration calls an entity: a container's by its key, the node's as `node.<key>`. */
export type EntityName = ContainerEntityKey | `node.${NodeEntityKey}`;

/** All names that the configuration may use. */
export const entityNames: readonly [EntityName, ...EntityName[]] = [
  ...containerEntityKeys,
  ...nodeEntityKeys.map((key) => `node.${key}` as const),
];

/** From the fewest entities to the most. */
export const entityPresets = ["minimal", "standard", "full"] as const;
export type EntityPreset = (typeof entityPresets)[number];

/** What the configuration says of entities. */
export interface EntitySelection {
  readonly preset: EntityPreset;
  /** These too, whatever the preset. */
  readonly include: readonly EntityName[];
  /** These not; wins over `include`. */
  readonly exclude: readonly EntityName[];
}

/** How common the wish for an entity is. */
export interface EntityRank {
  /** The smallest preset that has it; `standard` where absent. */
  readonly from?: EntityPreset;
  /** In `standard` it is there, but disabled until somebody enables it in Home Assistant. */
  readonly isSeldomWanted?: true;
}

/**
 * Is there an entity, and does it start enabled? Home Assistant heeds the latter when it hears of an entity for the first
 * time only.
 */
export function presenceOf(
  name: EntityName,
  { from = "standard", isSeldomWanted }: EntityRank,
  { preset, include, exclude }: EntitySelection,
): "absent" | "disabled" | "enabled" {
  if (exclude.includes(name)) return "absent";
  if (include.includes(name)) return "enabled";
  if (entityPresets.indexOf(from) > entityPresets.indexOf(preset)) return "absent";
  return isSeldomWanted === true && preset !== "full" ? "disabled" : "enabled";
}
