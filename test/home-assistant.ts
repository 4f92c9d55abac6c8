import { z } from "zod";

/**
 * What Home Assistant does to a message, as a model: its own checks would only log a warning and drop the message, so
 * the tests hold everything that Gangway publishes against this. Strict where Home Assistant is strict (root, device,
 * origin, availability, the update state), and stricter inside components, where it silently drops unknown keys.
 * From homeassistant/components/mqtt/schemas.py, discovery.py, update.py and sensor.py.
 */

const httpUrl = z.url({ protocol: /^https?$/ });
const topic = z.string().regex(/^[^+#]+$/);
const icon = z.string().regex(/^mdi:[a-z0-9-]+$/);

const common = {
  unique_id: z.string().regex(/^\S+$/),
  name: z.string().min(1).nullable(),
  icon: icon.optional(),
  entity_category: z.enum(["config", "diagnostic"]).optional(),
  enabled_by_default: z.boolean().optional(),
};

const units: Readonly<Record<string, readonly string[]>> = {
  data_size: ["B", "kB", "MB", "GB", "KiB", "MiB", "GiB"],
  data_rate: ["B/s", "kB/s", "MB/s", "KiB/s", "MiB/s"],
};

const sensor = z
  .strictObject({
    ...common,
    platform: z.literal("sensor"),
    state_topic: topic,
    value_template: z.string().optional(),
    device_class: z.enum(["data_size", "data_rate", "enum", "timestamp"]).optional(),
    state_class: z.enum(["measurement", "total_increasing"]).optional(),
    unit_of_measurement: z.string().optional(),
    suggested_display_precision: z.int().min(0).optional(),
    options: z.array(z.string()).min(1).optional(),
    expire_after: z.int().min(1).optional(),
    entity_category: z.literal("diagnostic").optional(),
  })
  .refine(({ options, device_class }) => (options === undefined) === (device_class !== "enum"), "options without enum")
  .refine(
    ({ options, state_class, unit_of_measurement }) =>
      options === undefined || (state_class === undefined && unit_of_measurement === undefined),
    "an enum with a unit",
  )
  .refine(({ device_class, unit_of_measurement }) => {
    const allowed = units[device_class ?? ""];
    return allowed === undefined || allowed.includes(unit_of_measurement ?? "");
  }, "a unit that does not fit the device class");

const component = z.discriminatedUnion("platform", [
  sensor,
  z.strictObject({
    ...common,
    platform: z.literal("binary_sensor"),
    state_topic: topic,
    value_template: z.string().optional(),
    payload_on: z.string().optional(),
    payload_off: z.string().optional(),
    device_class: z.enum(["connectivity", "problem", "running", "update"]).optional(),
    entity_category: z.literal("diagnostic").optional(),
  }),
  z.strictObject({
    ...common,
    platform: z.literal("switch"),
    state_topic: topic,
    command_topic: topic,
    value_template: z.string().optional(),
  }),
  z.strictObject({
    ...common,
    platform: z.literal("button"),
    command_topic: topic,
    device_class: z.enum(["identify", "restart"]).optional(),
  }),
  z.strictObject({
    ...common,
    platform: z.literal("event"),
    state_topic: topic,
    event_types: z.array(z.string()).min(1),
  }),
  z.strictObject({
    ...common,
    platform: z.literal("update"),
    state_topic: topic,
    command_topic: topic,
    payload_install: z.string().min(1),
  }),
]);

/** A device's discovery payload. */
export const DiscoveryPayload = z
  .strictObject({
    device: z.strictObject({
      identifiers: z.array(z.string()).min(1),
      name: z.string().min(1),
      manufacturer: z.string().optional(),
      model: z.string().optional(),
      sw_version: z.string().optional(),
      via_device: z.string().optional(),
      configuration_url: httpUrl.optional(),
    }),
    origin: z.strictObject({
      name: z.string().min(1),
      sw_version: z.string().optional(),
      support_url: httpUrl.optional(),
    }),
    availability: z.array(z.strictObject({ topic })).min(1),
    availability_mode: z.literal("all"),
    qos: z.union([z.literal(0), z.literal(1)]),
    components: z.record(z.string().regex(/^[a-z0-9_]+$/), component),
  })
  .refine(({ components }) => {
    const ids = Object.values(components).map(({ unique_id }) => unique_id);
    return new Set(ids).size === ids.length;
  }, "two entities with one unique id");

/** The topics that Home Assistant takes a device's discovery from. */
export const discoveryTopic = /^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/;

/** The state of an MQTT update entity: these keys and no others, no null but for the percentage. */
export const UpdateState = z.strictObject({
  installed_version: z.string().min(1).optional(),
  latest_version: z.string().min(1).optional(),
  title: z.string().optional(),
  release_summary: z.string().max(255).optional(),
  release_url: httpUrl.optional(),
  entity_picture: httpUrl.optional(),
  in_progress: z.boolean().optional(),
  update_percentage: z.number().min(0).max(100).nullable().optional(),
});
