import { z } from "zod";
import {
  type Component,
  DiscoveryPayload,
  reservedAttributes,
  UpdateState,
  wholeComponents,
} from "./home-assistant.ts";
import { rendered } from "./home-assistant-template.ts";

/** A message as a subscriber that keeps the retain flag (MQTT 5) gets it. */
export interface HeardMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

/** A Home Assistant's ear: it complains of everything that Home Assistant would log, drop or misunderstand. */
export interface Ear {
  readonly hear: (message: HeardMessage) => void;
  /** This topic is the test's own: whatever is on it is no work of Gangway's. */
  readonly leaveOut: (topic: string) => void;
  /** The connection was lost: something may have been missed. */
  readonly forget: () => void;
  /** Each once, in the order in which they came up. */
  readonly complaints: () => readonly string[];
}

/** Home Assistant cuts nothing: it refuses. */
const longestState = 255;
const deviceTopic = /^(?<prefix>.+)\/device\/(?<device>gangway_[^/]+)\/config$/;

interface Reader {
  readonly device: string;
  readonly component: Component;
}

export function createEar(): Ear {
  const devices = new Map<string, DiscoveryPayload>();
  const owners = new Map<string, string>();
  const readers = new Map<string, readonly Reader[]>();
  const kept = new Map<string, HeardMessage>();
  const own = new Set<string>();
  const complaints = new Set<string>();

  const complain = (subject: string, trouble: readonly string[]): void => {
    for (const text of trouble) complaints.add(`${subject}: ${text}`);
  };
  const forgetDevice = (topic: string): void => {
    for (const [id, owner] of owners) if (owner === topic) owners.delete(id);
    for (const [at, those] of readers)
      readers.set(
        at,
        those.filter(({ device }) => device !== topic),
      );
    devices.delete(topic);
  };
  const learn = (message: HeardMessage): void => {
    const { topic, payload } = message;
    const before = devices.get(topic);
    forgetDevice(topic);
    if (!message.retain || message.qos === 0) complain(topic, ["is not retained with QoS 1"]);
    if (payload === "") return;
    const { data, trouble } = parsed(payload, topic);
    complain(topic, trouble);
    if (data === undefined) return;
    devices.set(topic, data);
    complain(topic, before === undefined ? [] : lossesBetween(before, data));
    for (const [key, component] of wholeComponents(data)) {
      const owner = owners.get(component.unique_id);
      if (owner !== undefined) complain(topic, [`${component.unique_id} is an entity of ${owner} too`]);
      owners.set(component.unique_id, topic);
      for (const source of sourcesOf(component)) {
        readers.set(source, [...(readers.get(source) ?? []), { device: topic, component }]);
        const last = kept.get(source);
        if (last !== undefined) complain(`${source} (${key})`, troubleWith(component, last));
      }
    }
  };

  return {
    hear: (message) => {
      const { topic, payload } = message;
      if (own.has(topic)) return;
      if (message.retain && payload !== "") kept.set(topic, message);
      else if (message.retain) kept.delete(topic);
      // Who comes next may know nothing of what this one has told Home Assistant.
      if (/\/status$/.test(topic) && payload === "offline") devices.clear();
      if (deviceTopic.test(topic)) {
        learn(message);
      } else if (payload !== "") {
        for (const { component } of readers.get(topic) ?? []) complain(topic, troubleWith(component, message));
      }
    },
    leaveOut: (topic) => own.add(topic),
    forget: () => {
      devices.clear();
      owners.clear();
      readers.clear();
      kept.clear();
    },
    complaints: () => [...complaints],
  };
}

function parsed(
  payload: string,
  topic: string,
): { readonly data?: DiscoveryPayload; readonly trouble: readonly string[] } {
  const json = jsonFrom(payload);
  if (json === undefined) return { trouble: ["is no JSON"] };
  const { data, error } = DiscoveryPayload.safeParse(json);
  if (data === undefined) return { trouble: [z.prettifyError(error)] };
  const device = deviceTopic.exec(topic)?.groups?.["device"];
  return { data, trouble: data.device.identifiers[0] === device ? [] : ["is about another device than its topic"] };
}

function jsonFrom(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

/** A component that is merely left out stays in Home Assistant for ever, and one key cannot be of two platforms. */
function lossesBetween(before: DiscoveryPayload, after: DiscoveryPayload): readonly string[] {
  return [...wholeComponents(before)].flatMap(([key, { platform }]) => {
    const now = after.components[key];
    if (now === undefined) return [`the component ${key} is gone without a stub`];
    return now.platform === platform ? [] : [`the component ${key} was a ${platform} and is a ${now.platform}`];
  });
}

function sourcesOf(component: Component): readonly string[] {
  const state = "state_topic" in component ? [component.state_topic] : [];
  const attributes = component.json_attributes_topic === undefined ? [] : [component.json_attributes_topic];
  return [...new Set([...state, ...attributes])];
}

/** What is wrong with a message on a topic that the component reads. */
function troubleWith(component: Component, message: HeardMessage): readonly string[] {
  try {
    return [
      ...("state_topic" in component && component.state_topic === message.topic
        ? stateTrouble(component, message)
        : []),
      ...(component.json_attributes_topic === message.topic ? attributeTrouble(component, message) : []),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function stateTrouble(component: Exclude<Component, { platform: "button" }>, message: HeardMessage): readonly string[] {
  const isPassing = component.platform === "event" || /\/stats$/.test(message.topic);
  const trouble = message.retain === isPassing ? [isPassing ? "is retained" : "is not retained"] : [];
  const { payload } = message;
  switch (component.platform) {
    case "update": {
      const { error } = UpdateState.safeParse(jsonFrom(payload));
      return error === undefined ? trouble : [...trouble, z.prettifyError(error)];
    }
    case "event": {
      const event = z.looseObject({ event_type: z.enum(component.event_types) }).safeParse(jsonFrom(payload));
      return event.success ? trouble : [...trouble, z.prettifyError(event.error)];
    }
    case "switch":
      return [...trouble, ...wordTrouble(component.value_template, payload, ["ON", "OFF"])];
    case "binary_sensor": {
      const { payload_on: on = "ON", payload_off: off = "OFF" } = component;
      return [...trouble, ...wordTrouble(component.value_template, payload, [on, off])];
    }
    case "sensor":
      return [...trouble, ...sensorTrouble(component, payload)];
  }
}

function wordTrouble(template: string | undefined, payload: string, words: readonly string[]): readonly string[] {
  const state = template === undefined ? payload : rendered(template, payload);
  return state === null || words.includes(String(state)) ? [] : [`${String(state)} is none of ${words.join(", ")}`];
}

function sensorTrouble(component: Extract<Component, { platform: "sensor" }>, payload: string): readonly string[] {
  const { value_template: template, device_class: deviceClass, options, unique_id: id } = component;
  const state = template === undefined ? payload : rendered(template, payload);
  if (state === null) return [];
  const text = String(state);
  const wrong = (what: string): readonly string[] => [`${JSON.stringify(state)} for ${id} ${what}`];
  if (text.length > longestState) return wrong("is too long for a state");
  if (options !== undefined) return wordTrouble(template, payload, options);
  if (deviceClass === "timestamp") {
    return z.iso.datetime({ offset: true }).safeParse(state).success ? [] : wrong("is no time with a zone");
  }
  const isFigure = component.state_class !== undefined || component.unit_of_measurement !== undefined;
  if (isFigure && (typeof state !== "number" || !Number.isFinite(state))) return wrong("is no number");
  return typeof state === "object" || typeof state === "boolean" ? wrong("is no text") : [];
}

function attributeTrouble(component: Component, { payload }: HeardMessage): readonly string[] {
  const attributes = rendered(component.json_attributes_template ?? "", payload);
  if (typeof attributes !== "object" || attributes === null) return ["attributes are no object"];
  return Object.keys(attributes)
    .filter((name) => reservedAttributes.includes(name))
    .map((name) => `the attribute ${name} is dropped by Home Assistant`);
}
