import type { EntityRank } from "../core/entity-selection.ts";

/** A Home Assistant platform that Gangway publishes entities for. */
type Platform = "binary_sensor" | "button" | "event" | "sensor" | "switch" | "update";

/** The topics of a device that an entity can read its state from. */
export type Source = "engine" | "event" | "state" | "stats" | "update";

/** One entity, as a row of a table: what differs between entities, in Home Assistant's own keys. */
export interface EntityRow<Key extends string = string> extends EntityRank {
  /** Part of the unique id: never changes. */
  readonly key: Key;
  readonly platform: Platform;
  /** Null: the device's main entity, which bears its name. */
  readonly name: string | null;
  readonly source?: Source;
  readonly command?: string;
  /** Attributes of the entity, each with the member of the state JSON that it shows. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Further members of the discovery component. */
  readonly config: Readonly<Record<string, unknown>>;
}

type Config = EntityRow["config"];

const kilo = 1_000;
const mega = 1_000_000;
const giga = 1_000_000_000;
const mebi = 1_048_576;

/** Home Assistant's place for what tells of the device rather than of its work. */
export const diagnostic = { entity_category: "diagnostic" } as const;
/** Its place for what changes how the device works. */
export const configuration = { entity_category: "config" } as const;

/** A template for a member of the state JSON, null for unknown. */
export function value(member: string): string {
  return `{{ value_json.${member} }}`;
}

/** A template for a switch or a binary sensor: on where the member is true, or a text that is not empty. */
export function onWhere(member: string): string {
  return `{{ 'ON' if value_json.${member} else 'OFF' }}`;
}

/** The same, divided into a larger unit. */
function scaled(member: string, divisor: number, digits: number): string {
  const read = `value_json.${member}`;
  return `{{ (${read} / ${divisor}) | round(${digits}) if ${read} is not none else None }}`;
}

/** A figure that goes up and down; without a unit a count. */
export function measurement(member: string, unit: string | undefined, digits: number): Config {
  return {
    value_template: value(member),
    state_class: "measurement",
    suggested_display_precision: digits,
    ...(unit === undefined ? {} : { unit_of_measurement: unit }),
  };
}

/** Bytes of memory, as MiB. */
export function memorySize(member: string): Config {
  return {
    ...measurement(member, "MiB", 0),
    device_class: "data_size",
    value_template: scaled(member, mebi, 1),
  };
}

/** Bytes on a disk, as GB. */
export function diskSize(member: string): Config {
  return {
    ...measurement(member, "GB", 2),
    device_class: "data_size",
    value_template: scaled(member, giga, 3),
  };
}

/** Bytes per second, as kB/s. */
export function dataRate(member: string): Config {
  return {
    ...measurement(member, "kB/s", 1),
    device_class: "data_rate",
    value_template: scaled(member, kilo, 1),
  };
}

/** Bytes since the start, as MB: Home Assistant takes a fall for a new beginning. */
export function dataTotal(member: string): Config {
  return {
    ...measurement(member, "MB", 1),
    device_class: "data_size",
    state_class: "total_increasing",
    value_template: scaled(member, mega, 1),
  };
}

/** One of a closed list of words. */
export function oneOf(member: string, options: readonly string[]): Config {
  return { value_template: value(member), device_class: "enum", options };
}

export function timestamp(member: string): Config {
  return { value_template: value(member), device_class: "timestamp" };
}
