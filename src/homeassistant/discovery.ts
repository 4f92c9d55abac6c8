import { installedVersion } from "../core/entry.ts";
import { labelsFrom } from "../core/labels.ts";
import type { Entry } from "../core/ports.ts";
import type { Discovery } from "./components.ts";
import {
  containerEntities,
  type EntityRow,
  nodeEntities,
  nodeStatsEntities,
  type Source,
  statsEntities,
} from "./entities.ts";
import { containerDevice, nodeDevice, type Topics } from "./topics.ts";

/** What all devices of a node have in common. */
export interface DeviceContext {
  readonly node: string;
  readonly topics: Topics;
  /** Gangway's own release. */
  readonly version: string;
  /** 0: statistics are off, and their entities are left out. */
  readonly statsIntervalMs: number;
}

const shortestExpirySeconds = 180;

/**
 * Device-based discovery for Home Assistant 2024.11 and later
 * (https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload). Root, `device` and `origin` are validated
 * strictly there: one unknown key and the whole device is dropped.
 */
export function containerDiscovery(entry: Entry, context: DeviceContext): Discovery {
  const { node, topics, version } = context;
  const { container } = entry;
  const { name } = container;
  const identifier = containerDevice(node, name);
  const rows = context.statsIntervalMs > 0 ? [...containerEntities, ...statsEntities] : containerEntities;
  const sources: Partial<Record<Source, string>> = {
    state: topics.containerState(name),
    stats: topics.containerStats(name),
    update: topics.update(name),
  };
  return {
    device: {
      identifiers: [identifier],
      name: labelsFrom(container.labels).displayName ?? name,
      manufacturer: "Docker",
      model: container.image,
      sw_version: installedVersion(entry),
      via_device: nodeDevice(node),
    },
    origin: originOf(version),
    availability: [topics.status, topics.engine, topics.availability(name)].map((topic) => ({ topic })),
    availability_mode: "all",
    qos: 1,
    components: componentsFrom(rows, identifier, context, sources, (command) => topics.containerCommand(name, command)),
  };
}

/** The discovery payload of the node's own device: engine and bridge. */
export function nodeDiscovery(context: DeviceContext): Discovery {
  const { node, topics, version } = context;
  const identifier = nodeDevice(node);
  const rows = context.statsIntervalMs > 0 ? [...nodeEntities, ...nodeStatsEntities] : nodeEntities;
  const sources: Partial<Record<Source, string>> = {
    engine: topics.engine,
    event: topics.event,
    state: topics.state,
    stats: topics.stats,
  };
  return {
    device: {
      identifiers: [identifier],
      name: `Docker ${node}`,
      manufacturer: "Gangway",
      model: "Docker engine",
      sw_version: version,
    },
    origin: originOf(version),
    availability: [{ topic: topics.status }],
    availability_mode: "all",
    qos: 1,
    components: componentsFrom(rows, identifier, context, sources, topics.nodeCommand),
  };
}

function originOf(version: string): object {
  return { name: "Gangway", sw_version: version };
}

/** After how many seconds a figure is worth nothing any more, where none has followed. */
export function figuresExpireAfter(statsIntervalMs: number): number {
  return Math.max(shortestExpirySeconds, Math.ceil((3 * statsIntervalMs) / 1000));
}

function componentsFrom(
  rows: readonly EntityRow[],
  identifier: string,
  { statsIntervalMs }: DeviceContext,
  sources: Partial<Record<Source, string>>,
  commandTopic: (command: string) => string,
): Discovery["components"] {
  const expireAfter = figuresExpireAfter(statsIntervalMs);
  return Object.fromEntries(
    rows.map(({ key, platform, name, source, command, config }) => [
      key,
      {
        platform,
        unique_id: `${identifier}_${key}`,
        name,
        ...(source === undefined ? {} : { state_topic: sources[source] }),
        ...(command === undefined ? {} : { command_topic: commandTopic(command) }),
        // Statistics are not retained: what stops coming must not stand there for ever.
        ...(source === "stats" ? { expire_after: expireAfter } : {}),
        ...config,
      },
    ]),
  );
}
