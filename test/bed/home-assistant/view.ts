import { z } from "zod";
import type { HomeAssistantSocket } from "./socket.ts";

const Entity = z.object({
  entity_id: z.string(),
  unique_id: z.string(),
  platform: z.string(),
  device_id: z.string().nullable(),
  disabled_by: z.string().nullable(),
  entity_category: z.string().nullable(),
  original_name: z.string().nullable(),
});

const Device = z.object({
  id: z.string(),
  identifiers: z.array(z.array(z.string())),
  via_device_id: z.string().nullable(),
  name: z.string().nullable(),
  model: z.string().nullable(),
  sw_version: z.string().nullable(),
});

const State = z.object({ entity_id: z.string(), state: z.string(), attributes: z.record(z.string(), z.unknown()) });

export type HomeAssistantEntity = z.infer<typeof Entity>;
export type HomeAssistantDevice = z.infer<typeof Device>;
export type HomeAssistantState = z.infer<typeof State>;

/** What Home Assistant has of the MQTT integration at one moment. */
export interface HomeAssistantView {
  /** Its registry's, by unique id. */
  readonly entities: ReadonlyMap<string, HomeAssistantEntity>;
  /** Its registry's, by the identifier that the device was announced with. */
  readonly devices: ReadonlyMap<string, HomeAssistantDevice>;
  /** An entity's state by its unique id; undefined for one that is not there, or switched off. */
  readonly state: (uniqueId: string) => HomeAssistantState | undefined;
}

/** Asks for everything that makes a view. */
export async function lookAt(socket: HomeAssistantSocket): Promise<HomeAssistantView> {
  const [entities, devices, states] = await Promise.all([
    socket.ask({ type: "config/entity_registry/list" }, z.array(Entity)),
    socket.ask({ type: "config/device_registry/list" }, z.array(Device)),
    socket.ask({ type: "get_states" }, z.array(State)),
  ]);
  const byUniqueId = new Map(entities.filter(({ platform }) => platform === "mqtt").map((one) => [one.unique_id, one]));
  const byEntityId = new Map(states.map((one) => [one.entity_id, one]));
  const byIdentifier = devices.flatMap((one) =>
    one.identifiers.flatMap(([domain, identifier]) =>
      domain === "mqtt" && identifier !== undefined ? [[identifier, one] as const] : [],
    ),
  );
  return {
    entities: byUniqueId,
    devices: new Map(byIdentifier),
    state: (uniqueId) => byEntityId.get(byUniqueId.get(uniqueId)?.entity_id ?? ""),
  };
}
