import { z } from "zod";

/**
 * What Home Assistant does to a message, as a model: its own checks would only log a warning and drop the message, so
 * the tests hold everything that Gangway publishes against this. Strict where Home Assistant is strict (root, device,
 * origin, availability, the update state), and stricter inside components, where it silently drops unknown keys.
 * From homeassistant/components/mqtt/schemas.py, discovery.py, entity.py, update.py, sensor.py and sensor/const.py.
 */

const httpUrl = z.url({ protocol: /^https?$/ });
const topic = z.string().regex(/^[^+#\s]+(?:\/[^+#]+)*$/);
const icon = z.string().regex(/^mdi:[a-z0-9]+(?:-[a-z0-9]+)*$/);
const template = z.string().regex(/^\{\{ .+ \}\}$/);
const qos = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** Topics whose messages are JSON: reading a state from one of them takes a template. */
const jsonTopic = /\/(?:state|stats)$/;
/** Topics whose messages are not retained: their figures have to expire. */
const passingTopic = /\/stats$/;

const common = {
  unique_id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  /** Null: the device's main entity. Without it Home Assistant would make one up. */
  name: z.string().min(1).nullable(),
  icon: icon.optional(),
  entity_picture: httpUrl.optional(),
  entity_category: z.enum(["config", "diagnostic"]).optional(),
  enabled_by_default: z.boolean().optional(),
  default_entity_id: z
    .string()
    .regex(/^[a-z_]+\.[a-z0-9]+(?:_[a-z0-9]+)*$/)
    .optional(),
  json_attributes_topic: topic.optional(),
  json_attributes_template: template.optional(),
  qos: qos.optional(),
};
const readable = { state_topic: topic, value_template: template.optional() };
/** The core refuses sensors that call themselves configuration. */
const sensing = { ...common, ...readable, entity_category: z.literal("diagnostic").optional() };

/** The units that a device class of a sensor allows; Home Assistant drops the entity for another one. */
const units: Readonly<Record<string, readonly (string | undefined)[]>> = {
  data_size: ["bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"],
  data_rate: ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s", "GB/s", "KiB/s", "MiB/s", "GiB/s"],
  duration: ["d", "h", "min", "s", "ms", "µs"],
  enum: [undefined],
  timestamp: [undefined],
};
/** The state classes that make sense with a device class (`DEVICE_CLASS_STATE_CLASSES`). */
const stateClasses: Readonly<Record<string, readonly (string | undefined)[]>> = {
  data_size: ["measurement", "total", "total_increasing", undefined],
  data_rate: ["measurement", undefined],
  duration: ["measurement", "total", "total_increasing", undefined],
  enum: [undefined],
  timestamp: [undefined],
};

const sensor = z
  .strictObject({
    ...sensing,
    platform: z.literal("sensor"),
    device_class: z.enum(["data_size", "data_rate", "duration", "enum", "timestamp"]).optional(),
    state_class: z.enum(["measurement", "total", "total_increasing"]).optional(),
    unit_of_measurement: z.string().min(1).optional(),
    suggested_display_precision: z.int().min(0).optional(),
    options: z.array(z.string().min(1)).min(1).optional(),
    expire_after: z.int().min(1).optional(),
    force_update: z.boolean().optional(),
  })
  .refine(({ options, device_class }) => (options !== undefined) === (device_class === "enum"), "options without enum")
  .refine(({ options = [] }) => new Set(options).size === options.length, "an option twice")
  .refine(
    ({ device_class, unit_of_measurement }) => units[device_class ?? ""]?.includes(unit_of_measurement) !== false,
    "a unit that does not fit the device class",
  )
  .refine(
    ({ device_class, state_class }) => stateClasses[device_class ?? ""]?.includes(state_class) !== false,
    "a state class that does not fit the device class",
  )
  .refine(
    ({ unit_of_measurement, state_class }) => unit_of_measurement === undefined || state_class !== undefined,
    "a figure without state class, of which no statistics are kept",
  )
  .refine(
    ({ suggested_display_precision, state_class }) => suggested_display_precision === undefined || state_class,
    "a precision of what is no figure",
  )
  .refine(
    ({ state_topic, expire_after }) => passingTopic.test(state_topic) === (expire_after !== undefined),
    "a figure that stands for ever, or a state that expires",
  );

const component = z
  .discriminatedUnion("platform", [
    sensor,
    z.strictObject({
      ...sensing,
      platform: z.literal("binary_sensor"),
      payload_on: z.string().min(1).optional(),
      payload_off: z.string().min(1).optional(),
      device_class: z.enum(["connectivity", "problem", "running", "update"]).optional(),
      expire_after: z.int().min(1).optional(),
    }),
    z.strictObject({
      ...common,
      ...readable,
      platform: z.literal("switch"),
      command_topic: topic,
      device_class: z.enum(["outlet", "switch"]).optional(),
    }),
    z.strictObject({
      ...common,
      platform: z.literal("button"),
      command_topic: topic,
      payload_press: z.string().min(1).optional(),
      device_class: z.enum(["identify", "restart", "update"]).optional(),
    }),
    z.strictObject({
      ...common,
      platform: z.literal("event"),
      state_topic: topic,
      event_types: z.array(z.string().min(1)).min(1),
      device_class: z.enum(["button", "doorbell", "motion"]).optional(),
    }),
    z.strictObject({
      ...common,
      platform: z.literal("update"),
      state_topic: topic,
      command_topic: topic,
      /** Without it Home Assistant fails at the installation. */
      payload_install: z.string().min(1),
      display_precision: z.int().min(0).optional(),
      title: z.string().optional(),
    }),
  ])
  .refine(
    (one) => !("state_topic" in one) || jsonTopic.test(one.state_topic) === "value_template" in one,
    "JSON without a template, or a template for plain text",
  )
  .refine(
    (one) => (one.json_attributes_topic === undefined) === (one.json_attributes_template === undefined),
    "attributes without a template or a topic",
  )
  .refine(
    ({ platform, default_entity_id: id }) => id === undefined || id.startsWith(`${platform}.`),
    "an entity id of another platform",
  );
export type Component = z.output<typeof component>;

/** What is left of a component that is to be removed. */
const stub = z.strictObject({ platform: z.string().min(1) });

/** A component, or a stub, told apart by the unique id: every other complaint is about the component. */
const componentOrStub = z.unknown().transform((value, context): Component | z.output<typeof stub> => {
  const isStub = typeof value === "object" && value !== null && !("unique_id" in value);
  const result = isStub ? stub.safeParse(value) : component.safeParse(value);
  if (result.success) return result.data;
  for (const { code: _, ...issue } of result.error.issues) context.addIssue({ ...issue, code: "custom" });
  return z.NEVER;
});

/** A device's discovery payload. */
export const DiscoveryPayload = z
  .strictObject({
    device: z.strictObject({
      identifiers: z.array(z.string().regex(/^[a-zA-Z0-9_-]+$/)).min(1),
      name: z.string().min(1),
      manufacturer: z.string().min(1).optional(),
      model: z.string().min(1).optional(),
      model_id: z.string().min(1).optional(),
      sw_version: z.string().min(1).optional(),
      hw_version: z.string().min(1).optional(),
      serial_number: z.string().min(1).optional(),
      suggested_area: z.string().min(1).optional(),
      via_device: z.string().optional(),
      configuration_url: httpUrl.optional(),
    }),
    origin: z.strictObject({
      name: z.string().min(1),
      sw_version: z.string().optional(),
      support_url: httpUrl.optional(),
    }),
    availability: z.array(z.strictObject({ topic })).min(1),
    /** Of several topics the last to speak would win otherwise. */
    availability_mode: z.literal("all"),
    qos,
    components: z.record(z.string().regex(/^[a-z0-9_]+$/), componentOrStub),
  })
  .refine(({ components }) => {
    const whole = Object.values(components).filter((one) => "unique_id" in one);
    return new Set(whole.map(({ unique_id }) => unique_id)).size === whole.length;
  }, "two entities with one unique id")
  .refine(({ components }) => {
    const main = Object.values(components).filter((one) => "unique_id" in one && one.name === null);
    return main.length <= 1;
  }, "two main entities")
  .refine(({ components }) => {
    const names = Object.values(components).flatMap((one) =>
      "unique_id" in one ? [`${one.platform} ${one.name}`] : [],
    );
    return new Set(names).size === names.length;
  }, "two entities of one platform with one name")
  .refine(
    ({ device, components }) =>
      Object.entries(components).every(
        ([key, one]) => !("unique_id" in one) || one.unique_id === `${device.identifiers[0]}_${key}`,
      ),
    "a unique id that is not the device's identifier and the component's key",
  )
  .refine(({ device }) => !device.identifiers.includes(device.via_device ?? ""), "a device behind itself");
export type DiscoveryPayload = z.output<typeof DiscoveryPayload>;

/** The components of a payload without its stubs, by key. */
export function wholeComponents({ components }: DiscoveryPayload): ReadonlyMap<string, Component> {
  return new Map(Object.entries(components).flatMap(([key, one]) => ("unique_id" in one ? [[key, one] as const] : [])));
}

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

/** Attributes that Home Assistant drops, for entities have them already (`MQTT_ATTRIBUTES_BLOCKED`). */
export const reservedAttributes: readonly string[] = [
  "assumed_state",
  "available",
  "device_class",
  "device_info",
  "entity_category",
  "entity_id",
  "entity_picture",
  "entity_registry_enabled_default",
  "extra_state_attributes",
  "force_update",
  "friendly_name",
  "group_entities",
  "icon",
  "last_reset",
  "should_poll",
  "state",
  "state_class",
  "supported_features",
  "unique_id",
  "unit_of_measurement",
];
