import { describe, expect, it } from "vitest";
import { DiscoveryPayload, UpdateState } from "./home-assistant.ts";
import { createEar, type HeardMessage } from "./home-assistant-ear.ts";

/* The model is worth what it refuses: each payload here is one that Home Assistant would log, drop or misunderstand. */

type Json = Readonly<Record<string, unknown>>;

const components: Readonly<Record<string, Json>> = {
  cpu: {
    platform: "sensor",
    unique_id: "gangway_nas_web_cpu",
    name: "CPU",
    state_topic: "g/nas/container/web/stats",
    value_template: "{{ value_json.cpu_percent }}",
    unit_of_measurement: "%",
    state_class: "measurement",
    expire_after: 180,
  },
  health: {
    platform: "sensor",
    unique_id: "gangway_nas_web_health",
    name: "Health",
    state_topic: "g/nas/container/web/state",
    value_template: "{{ value_json.health }}",
    device_class: "enum",
    options: ["none", "healthy"],
  },
  started: {
    platform: "sensor",
    unique_id: "gangway_nas_web_started",
    name: "Started",
    state_topic: "g/nas/container/web/state",
    value_template: "{{ value_json.started_at }}",
    device_class: "timestamp",
  },
  power: {
    platform: "switch",
    unique_id: "gangway_nas_web_power",
    name: null,
    state_topic: "g/nas/container/web/state",
    value_template: "{{ 'ON' if value_json.running else 'OFF' }}",
    command_topic: "g/nas/container/web/command/power",
  },
  update: {
    platform: "update",
    unique_id: "gangway_nas_web_update",
    name: "Update",
    state_topic: "g/nas/container/web/update",
    command_topic: "g/nas/container/web/command/update",
    payload_install: "install",
  },
};

/** A payload that Home Assistant takes, but for what is changed in it. */
function payload(changes: { root?: Json; device?: Json; origin?: Json; components?: Json } = {}): Json {
  return {
    device: { identifiers: ["gangway_nas_web"], name: "web", ...changes.device },
    origin: { name: "Gangway", ...changes.origin },
    availability: [{ topic: "g/nas/status" }],
    availability_mode: "all",
    qos: 1,
    ...changes.root,
    components: { ...components, ...changes.components },
  };
}

const changed = (key: string, members: Json): Json => ({ [key]: { ...components[key], ...members } });
const without = (key: string, member: string): Json => {
  const { [member]: _, ...rest } = components[key] ?? {};
  return { [key]: rest };
};

describe("the model of Home Assistant's discovery", () => {
  it("takes what is right, and a stub", () => {
    expect(() => DiscoveryPayload.parse(payload({ components: { gone: { platform: "sensor" } } }))).not.toThrow();
  });

  it.each<readonly [string, Json]>([
    ["an unknown key at the root", payload({ root: { message_expiry_interval: 60 } })],
    ["an unknown key of the device", payload({ device: { colour: "red" } })],
    ["an unknown key of the origin", payload({ origin: { author: "me" } })],
    ["an unknown key of availability", payload({ root: { availability: [{ topic: "a", payload: "x" }] } })],
    ["no availability", payload({ root: { availability: [] } })],
    ["another availability mode", payload({ root: { availability_mode: "latest" } })],
    ["a null of the device", payload({ device: { sw_version: null } })],
    ["an address that is none", payload({ device: { configuration_url: "nas:5000" } })],
    ["a device behind itself", payload({ device: { via_device: "gangway_nas_web" } })],
    ["an unknown platform", payload({ components: changed("cpu", { platform: "gauge" }) })],
    ["an unknown key of a component", payload({ components: changed("cpu", { suggested_unit_of_measurement: "%" }) })],
    ["a key of another platform", payload({ components: changed("update", { in_progress: true }) })],
    ["a null of a component", payload({ components: changed("cpu", { unit_of_measurement: null }) })],
    ["a unique id of another device", payload({ components: changed("cpu", { unique_id: "gangway_nas_db_cpu" }) })],
    ["a component without a name", payload({ components: without("cpu", "name") })],
    ["two main entities", payload({ components: changed("update", { name: null }) })],
    ["two sensors of one name", payload({ components: changed("cpu", { name: "Health" }) })],
    ["a unit of another device class", payload({ components: changed("cpu", { device_class: "data_rate" }) })],
    [
      "a size without a unit",
      payload({ components: changed("health", { device_class: "data_size", options: undefined }) }),
    ],
    ["a unit without state class", payload({ components: without("cpu", "state_class") })],
    ["options without enum", payload({ components: without("health", "device_class") })],
    ["enum without options", payload({ components: without("health", "options") })],
    ["an enum with a state class", payload({ components: changed("health", { state_class: "measurement" }) })],
    ["a time with a unit", payload({ components: changed("started", { unit_of_measurement: "s" }) })],
    ["a sensor as configuration", payload({ components: changed("cpu", { entity_category: "config" }) })],
    ["JSON without a template", payload({ components: without("power", "value_template") })],
    ["a figure that never expires", payload({ components: without("cpu", "expire_after") })],
    ["a state that expires", payload({ components: changed("health", { expire_after: 180 }) })],
    ["an update without an install payload", payload({ components: without("update", "payload_install") })],
    ["a switch without a command topic", payload({ components: without("power", "command_topic") })],
    ["a topic with a wildcard", payload({ components: changed("power", { command_topic: "g/+/x" }) })],
    ["an icon of another set", payload({ components: changed("power", { icon: "si:docker" }) })],
    ["a picture that is no address", payload({ components: changed("power", { entity_picture: "/x.png" }) })],
    ["an entity id of another platform", payload({ components: changed("power", { default_entity_id: "light.web" }) })],
    ["an entity id without a platform", payload({ components: changed("power", { default_entity_id: "web" }) })],
    ["attributes without a template", payload({ components: changed("power", { json_attributes_topic: "g/x" }) })],
    ["a stub with more than a platform", payload({ components: { gone: { platform: "sensor", name: "x" } } })],
  ])("refuses %s", (_, wrong) => {
    expect(() => DiscoveryPayload.parse(wrong)).toThrow();
  });

  it.each<readonly [string, Json]>([
    ["a null", { installed_version: "1", latest_version: null }],
    ["a ninth key", { installed_version: "1", release_notes: "x" }],
    ["an address that is none", { release_url: "" }],
    ["a percentage over a hundred", { update_percentage: 101 }],
    ["a word for a boolean", { in_progress: "True" }],
  ])("refuses an update state with %s", (_, wrong) => {
    expect(() => UpdateState.parse(wrong)).toThrow();
  });
});

const configTopic = "homeassistant/device/gangway_nas_web/config";
const kept = (topic: string, message: Json | string): HeardMessage => ({
  topic,
  payload: typeof message === "string" ? message : JSON.stringify(message),
  retain: true,
  qos: 1,
});
const state = { health: "none", started_at: null, running: true };

/** What the ear complains of after these messages. */
function complaintsAfter(...messages: readonly HeardMessage[]): readonly string[] {
  const ear = createEar();
  for (const message of messages) ear.hear(message);
  return ear.complaints();
}

describe("the ear", () => {
  const config = kept(configTopic, payload());
  const stateTopic = "g/nas/container/web/state";

  it("has nothing to complain of where all is right", () => {
    const stats = { ...kept("g/nas/container/web/stats", { cpu_percent: 1.5 }), retain: false };
    const update = kept("g/nas/container/web/update", { installed_version: "1", in_progress: false });
    const stubbed = kept(configTopic, payload({ components: { cpu: { platform: "sensor" } } }));

    expect(complaintsAfter(config, kept(stateTopic, state), stats, update, stubbed)).toEqual([]);
  });

  it.each<readonly [string, readonly HeardMessage[], RegExp]>([
    ["a payload that is no JSON", [kept(configTopic, "{")], /no JSON/],
    ["a payload that is not retained", [{ ...config, retain: false }], /not retained/],
    ["a device on the topic of another", [kept("homeassistant/device/gangway_x/config", payload())], /another device/],
    ["a member that is missing", [config, kept(stateTopic, { ...state, health: undefined })], /no member "health"/],
    [
      "a word that is no option",
      [config, kept(stateTopic, { ...state, health: "ill" })],
      /ill is none of none, health/,
    ],
    ["a time without a zone", [config, kept(stateTopic, { ...state, started_at: "2026-01-01" })], /no time/],
    ["a state that came before its entity", [kept(stateTopic, { ...state, health: "ill" }), config], /ill is none/],
    ["a state that is not retained", [config, { ...kept(stateTopic, state), retain: false }], /not retained/],
    ["figures that are retained", [config, kept("g/nas/container/web/stats", { cpu_percent: 1 })], /is retained/],
    ["a figure that is none", [config, kept("g/nas/container/web/stats", { cpu_percent: "1" })], /no number/],
    ["an update with a null", [config, kept("g/nas/container/web/update", { title: null })], /title/],
    [
      "a component that is left out without a stub",
      [config, kept(configTopic, payload({ components: { cpu: undefined } }))],
      /cpu is gone without a stub/,
    ],
    [
      "a component that changes its platform",
      [config, kept(configTopic, payload({ components: { cpu: { platform: "switch" } } }))],
      /was a sensor and is a switch/,
    ],
  ])("complains of %s", (_, messages, expected) => {
    expect(complaintsAfter(...messages).join("\n")).toMatch(expected);
  });

  it("complains of an entity of two devices, and not of one that has moved", () => {
    const other = "other/device/gangway_nas_web/config";

    expect(complaintsAfter(config, kept(other, payload())).join()).toMatch(/gangway_nas_web_cpu is an entity of/);
    expect(complaintsAfter(config, kept(configTopic, ""), kept(other, payload()))).toEqual([]);
  });

  it("leaves out what the test itself has published", () => {
    const ear = createEar();
    ear.leaveOut(configTopic);
    ear.hear(kept(configTopic, "{}"));

    expect(ear.complaints()).toEqual([]);
  });
});
