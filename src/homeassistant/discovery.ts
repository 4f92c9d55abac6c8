import { appearanceFrom } from "../core/appearance.ts";
import type { Container } from "../core/container.ts";
import { type EntityName, type EntitySelection, presenceOf } from "../core/entity-selection.ts";
import { installedVersion } from "../core/entry.ts";
import { labelsFrom } from "../core/labels.ts";
import type { Entry } from "../core/ports.ts";
import { slugOf } from "../lib/text.ts";
import type { Components, Discovery } from "./components.ts";
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

/** All of an entry that its discovery payload depends on. */
interface DeviceFacts extends Pick<Container, "name" | "image" | "labels"> {
  /** The version text of what it runs. */
  readonly installed: string;
}

export function deviceFacts(entry: Entry): DeviceFacts {
  const { name, image, labels } = entry.container;
  return { name, image, labels, installed: installedVersion(entry) };
}

/**
 * Device-based discovery for Home Assistant 2024.11 and later
 * (https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload). Root, `device` and `origin` are validated
 * strictly there: one unknown key and the whole device is dropped. It has components of `also` too, whatever the settings say of them.
 */
export function containerDiscovery(entry: Entry, context: DeviceContext, also: Components = {}): Discovery {
  const { node, topics, version } = context;
  const { name, image, labels, installed } = deviceFacts(entry);
  const identifier = containerDevice(node, name);
  const rows = rowsFor(containerEntities, containerStatsEntities, context, also);
  const sources: Partial<Record<Source, string>> = {
    state: topics.containerState(name),
    stats: topics.containerStats(name),
    update: topics.update(name),
  };
  return {
    device: {
      identifiers: [identifier],
      name: labelsFrom(labels).displayName ?? name,
      manufacturer: "Docker",
      model: image,
      sw_version: installed,
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
        also,
      }),
      labels,
    ),
  };
}

/** The discovery payload of the node's own device, engine and bridge; `also` as for a container's. */
export function nodeDiscovery(context: DeviceContext, also: Components = {}): Discovery {
  const { node, topics, version } = context;
  const identifier = nodeDevice(node);
  const rows = [...rowsFor(nodeEntities, nodeStatsEntities, context, also), ...nodeDiskEntities];
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
      also,
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
  /** Components that it has whatever the settings say. */
  readonly also: Components;
}

/** The rows of entities that there can be: those of statistics only while these are on, or where they are in `also`. */
function rowsFor<Key extends string>(
  rows: readonly EntityRow<Key>[],
  statsRows: readonly EntityRow<Key>[],
  { statsIntervalMs }: DeviceContext,
  also: Components,
): readonly EntityRow<Key>[] {
  return [...rows, ...statsRows.filter(({ key }) => statsIntervalMs > 0 || Object.hasOwn(also, key))];
}

function componentsFrom<Key extends string>(
  rows: readonly EntityRow<Key>[],
  { node, statsIntervalMs, entities }: DeviceContext,
  { identifier, sources, commandTopic, nameOf, idText, also }: Subject<Key>,
): Discovery["components"] {
  const expireAfter = figuresExpireAfter(statsIntervalMs);
  return Object.fromEntries(
    rows.flatMap((row) => {
      const { key, platform, name, source, command, attributes, config } = row;
      const presence = presenceOf(nameOf(key), row, entities);
      if (presence === "absent" && also[key] !== platform) return [];
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
