import { z } from "zod";
import { GangwayError } from "../lib/errors.ts";
import { brokerUrlFrom } from "./address.ts";
import { ConfigFile } from "./schema.ts";
import { isSection } from "./tree.ts";

type CamelKey<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : Name;
type Camel<Value> = Value extends readonly (infer Member)[]
  ? readonly Camel<Member>[]
  : Value extends object
    ? { readonly [Name in keyof Value as Name extends string ? CamelKey<Name> : never]: Camel<Value[Name]> }
    : Value;

/** One engine of the configuration. */
export type EngineConfig = Camel<ConfigFile["engines"][number]>;

/**
 * The configuration as the program uses it. The file's keys in camel case, but for three things: there is always an
 * engine; `node` has moved to the only engine; credentials in `mqtt.url` have moved to `mqtt.username` and
 * `mqtt.password`, unless those were given.
 */
export type Config = Omit<Camel<ConfigFile>, "node" | "engines"> & {
  readonly engines: readonly [EngineConfig, ...EngineConfig[]];
};

/** The configuration in `file`. */
export function configFrom(file: ConfigFile): Config {
  const { node, engines, ...rest } = renamed(file, camelCase) as Camel<ConfigFile>;
  const [first, ...others] = engines;
  if (first === undefined) throw new GangwayError("config_invalid", "the configuration has no engine");
  const named = node === undefined ? first : { ...first, node };
  return { ...rest, mqtt: withOwnCredentials(rest.mqtt), engines: [named, ...others] };
}

function withOwnCredentials(mqtt: Config["mqtt"]): Config["mqtt"] {
  const broker = mqtt.url === undefined ? undefined : brokerUrlFrom(mqtt.url);
  if (broker === undefined) return mqtt;
  const { url, username, password } = broker;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...mqtt,
    url,
  };
}

/** The file that gives `config`, with every key that has a value. */
export function fileFrom(config: Config): z.input<typeof ConfigFile> {
  return z.encode(ConfigFile, renamed(config, snakeCase) as ConfigFile);
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((member: unknown) => renamed(member, rename));
  if (!isSection(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), renamed(member, rename)]));
}

function camelCase(name: string): string {
  return name.replace(/_[a-z]/g, (letter) => letter.slice(1).toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
