import { appearanceFrom } from "../core/appearance.ts";
import { type EntityName, type EntitySelection, presenceOf } from "../core/entity-selection.ts";
import { installedVersion } from "../core/entry.ts";
import { labelsFrom } from "../core/labels.ts";
import type { Entry } from "../core/ports.ts";
import { slugOf } from "../lib/text.ts";
import type { Discovery } from "./components.ts";
import { containerEntities, containerStatsEntities } from "./container-entities.ts";
import type { EntityRow, Source } from "./entity-row.ts";
import { nodeDiskEntities, nodeEntities, nodeStatsEntities } from "./node-entities.ts";
import { containerDevice, nodeDevice, type Topics } from "./topics.ts";

/** What all devices of a node have in common. */
export interface DeviceContext {
  readonly node: string;
  readonly topics: Topics;
  /** Gangway's own release. */
  readonly version: string;
  /** 0: statistics are off, and their entities are left out. */
  readonly statsIntervalMs: number;
  readonly entities: EntitySettings;
}

/** What the configuration says of entities. */
export interface EntitySettings extends EntitySelection {
  /** What ids of entities begin with; `{node}` in it stands for the node. Absent: Home Assistant makes them. */
  readonly prefix?: string;
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
  const rows = context.statsIntervalMs > 0 ? [...containerEntities, ...containerStatsEntities] : containerEntities;
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
    components: withAppearance(
      componentsFrom(rows, context, {
        identifier,
        sources,
        commandTopic: (command) => topics.containerCommand(name, command),
        nameOf: (key) => key,
        idText: name,
      }),
      container.labels,
    ),
  };
}

/** The discovery payload of the node's own device: engine and bridge. */
export function nodeDiscovery(context: DeviceContext): Discovery {
  const { node, topics, version } = context;
  const identifier = nodeDevice(node);
  const rows = [...nodeEntities, ...(context.statsIntervalMs > 0 ? nodeStatsEntities : []), ...nodeDiskEntities];
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
    components: componentsFrom(rows, context, {
      identifier,
      sources,
      commandTopic: topics.nodeCommand,
      nameOf: (key) => `node.${key}`,
      idText: "",
    }),
  };
}

function originOf(version: string): object {
  return { name: "Gangway", sw_version: version };
}

/** After how many seconds a figure is worth nothing any more, where none has followed. */
export function figuresExpireAfter(statsIntervalMs: number): number {
  return Math.max(shortestExpirySeconds, Math.ceil((3 * statsIntervalMs) / 1000));
}

/** What differs between the devices. */
interface Subject<Key extends string> {
  readonly identifier: string;
  readonly sources: Partial<Record<Source, string>>;
  readonly commandTopic: (command: string) => string;
  /** What the configuration calls the entity. */
  readonly nameOf: (key: Key) => EntityName;
  /** What ids of its entities have after the prefix. */
  readonly idText: string;
}

function componentsFrom<Key extends string>(
  rows: readonly EntityRow<Key>[],
  { node, statsIntervalMs, entities }: DeviceContext,
  { identifier, sources, commandTopic, nameOf, idText }: Subject<Key>,
): Discovery["components"] {
  const expireAfter = figuresExpireAfter(statsIntervalMs);
  return Object.fromEntries(
    rows.flatMap((row) => {
      const { key, platform, name, source, command, attributes, config } = row;
      const presence = presenceOf(nameOf(key), row, entities);
      if (presence === "absent") return [];
      const component = {
        platform,
        unique_id: `${identifier}_${key}`,
        name,
        ...defaultId(entities.prefix?.replaceAll("{node}", node), platform, [idText, name ?? ""]),
        ...(source === undefined ? {} : { state_topic: sources[source] }),
        ...(command === undefined ? {} : { command_topic: commandTopic(command) }),
        ...(attributes === undefined ? {} : attributesFrom(attributes, sources.state)),
        // Statistics are not retained: what stops coming must not stand there for ever.
        ...(source === "stats" ? { expire_after: expireAfter } : {}),
        ...(presence === "disabled" ? { enabled_by_default: false } : {}),
        ...config,
      };
      return [[key, component]];
    }),
  );
}

/**
 * The id that an entity gets when Home Assistant hears of it for the first time (2025.10 and later); without a prefix
 * Home Assistant makes one, and gives a user's own id back to an entity that comes again.
 */
function defaultId(prefix: string | undefined, platform: string, parts: readonly string[]): object {
  if (prefix === undefined) return {};
  const words = [prefix, ...parts].map((part) => slugOf(part).replaceAll("-", "_")).filter((word) => word !== "");
  return { default_entity_id: `${platform}.${words.join("_")}` };
}

function attributesFrom(attributes: Readonly<Record<string, string>>, topic: string | undefined): object {
  const members = Object.entries(attributes).map(([name, member]) => `'${name}': value_json.${member}`);
  return {
    json_attributes_topic: topic,
    json_attributes_template: `{{ {${members.join(", ")}} | tojson }}`,
  };
}

/** The components with the icon or the picture that a label gives the container. */
function withAppearance(
  components: Discovery["components"],
  labels: Readonly<Record<string, string>>,
): Discovery["components"] {
  const appearance = appearanceFrom(labels);
  const shown =
    appearance === undefined
      ? {}
      : appearance.kind === "icon"
        ? { icon: appearance.icon }
        : { entity_picture: appearance.url };
  return Object.fromEntries(
    Object.entries(components).map(([key, component]) => [
      key,
      key === "power" || key === "update" ? { ...component, ...shown } : component,
    ]),
  );
}
