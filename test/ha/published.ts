import { z } from "zod";
import type { HomeAssistantView } from "../bed/home-assistant/view.ts";
import type { Seen } from "../bed/mqtt-client.ts";

/** What Gangway tells Home Assistant by MQTT, read from the broker, and whether Home Assistant has it the same way. */

const Component = z.object({
  platform: z.string(),
  unique_id: z.string(),
  name: z.string().nullable(),
  state_topic: z.string().optional(),
  value_template: z.string().optional(),
  device_class: z.string().optional(),
  unit_of_measurement: z.string().optional(),
  entity_category: z.string().optional(),
  enabled_by_default: z.boolean().default(true),
});

const Payload = z.object({
  availability: z.array(z.object({ topic: z.string() })),
  device: z.object({ identifiers: z.tuple([z.string()]), name: z.string(), via_device: z.string().optional() }),
  // A component that is to be removed is a stub without a unique id.
  components: z.record(z.string(), z.union([Component, z.strictObject({ platform: z.string() })])),
});

/** An entity as it was announced. */
export interface Announced extends z.infer<typeof Component> {
  readonly device: string;
  readonly viaDevice: string | undefined;
  /** Where it stands whether the entity is available: each must say so. */
  readonly availability: readonly string[];
}

/** All entities that stand announced on the broker. */
export function announcedIn(seen: Seen): readonly Announced[] {
  const configs = seen.topics().filter((topic) => /^homeassistant\/device\/[^/]+\/config$/.test(topic));
  return configs.flatMap((topic) => {
    const { device, components, availability } = Payload.parse(JSON.parse(seen.retained(topic) ?? ""));
    return Object.values(components).flatMap((component) =>
      "unique_id" in component
        ? [
            {
              ...component,
              device: device.identifiers[0],
              viaDevice: device.via_device,
              availability: availability.map(({ topic: at }) => at),
            },
          ]
        : [],
    );
  });
}

/**
 * What Home Assistant has otherwise than it was announced or than its state stands on the broker: a line for each; none
 * where all is right.
 */
export function differences(view: HomeAssistantView, seen: Seen): readonly string[] {
  const announced = announcedIn(seen);
  const ids = new Set(announced.map(({ unique_id }) => unique_id));
  const identifiers = new Set(announced.map(({ device }) => device));
  const orphans = [...view.entities.keys()].filter((id) => !ids.has(id)).map((id) => `entity ${id} is left over`);
  const ghosts = [...view.devices.keys()].filter((id) => !identifiers.has(id)).map((id) => `device ${id} is left over`);
  const wrong = announced.flatMap((one) => differencesOf(one, view, seen).map((text) => `${one.unique_id}: ${text}`));
  return [...wrong, ...orphans, ...ghosts];
}

function differencesOf(one: Announced, view: HomeAssistantView, seen: Seen): readonly string[] {
  const entity = view.entities.get(one.unique_id);
  if (entity === undefined) return ["is not there"];
  const device = view.devices.get(one.device);
  const via = one.viaDevice === undefined ? undefined : view.devices.get(one.viaDevice);
  const isOn = entity.disabled_by === null;
  const facts = [
    fact("platform", entity.entity_id.split(".")[0], one.platform),
    fact("device", entity.device_id, device?.id ?? "none"),
    fact("via_device", device?.via_device_id ?? undefined, via?.id),
    fact("name", entity.original_name ?? null, one.name),
    fact("category", entity.entity_category ?? undefined, one.entity_category),
    one.enabled_by_default && !isOn ? `is disabled by ${entity.disabled_by}` : undefined,
  ];
  return [...facts, ...(isOn ? stateFacts(one, view, seen) : [])].filter((text) => text !== undefined);
}

function stateFacts(one: Announced, view: HomeAssistantView, seen: Seen): readonly (string | undefined)[] {
  const state = view.state(one.unique_id);
  if (state === undefined) return ["has no state"];
  const { device_class, unit_of_measurement } = state.attributes;
  return [
    fact("device class", device_class, one.device_class),
    fact("unit", unit_of_measurement, one.unit_of_measurement),
    ...(isAvailable(one, seen)
      ? [
          state.state === "unavailable" && hasState(one, seen) ? "is unavailable" : undefined,
          ...expectedStates(one, seen).map((expected) => fact("state", instantOr(state.state), expected)),
        ]
      : [fact("state", state.state, "unavailable")]),
  ];
}

function isAvailable({ availability }: Announced, seen: Seen): boolean {
  return availability.every((topic) => seen.retained(topic) === "online");
}

function fact(what: string, is: unknown, ought: unknown): string | undefined {
  return is === ought ? undefined : `${what} is ${String(is)}, not ${String(ought)}`;
}

/** The figures of what does not run are never sent, or have expired. */
function hasState({ state_topic = "" }: Announced, seen: Seen): boolean {
  if (!state_topic.endsWith("/stats")) return true;
  const state = seen.retained(state_topic.replace(/stats$/, "state")) ?? "{}";
  return z.object({ running: z.boolean().default(true) }).parse(JSON.parse(state)).running;
}

/** What the templates that just name a member make of the retained JSON: one state, or none where it cannot be told. */
function expectedStates({ state_topic = "", value_template = "", platform }: Announced, seen: Seen): readonly string[] {
  const payload = seen.retained(state_topic);
  if (payload === undefined || value_template === "") return [];
  const json = z.record(z.string(), z.unknown()).parse(JSON.parse(payload));
  const flag = /^\{\{ 'ON' if value_json\.(?<name>\w+) else 'OFF' \}\}$/.exec(value_template)?.groups?.["name"];
  if (flag !== undefined) return [json[flag] ? "on" : "off"];
  const member = /^\{\{ value_json\.(?<name>\w+) \}\}$/.exec(value_template)?.groups?.["name"];
  if (member === undefined || platform !== "sensor") return [];
  return [json[member] === null ? "unknown" : instantOr(String(json[member]))];
}

/** Home Assistant writes an instant in whole seconds and with another mark for UTC. */
function instantOr(text: string): string {
  if (!/^\d{4}-\d\d-\d\dT/.test(text)) return text;
  return String(Math.floor(Date.parse(text) / 1000));
}
