import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { eventTypes, limitedEvent } from "../src/core/node-event.ts";
import { parseCommand } from "../src/homeassistant/commands.ts";
import { containerDiscovery, nodeDiscovery } from "../src/homeassistant/discovery.ts";
import { eventMessage, resultMessage } from "../src/homeassistant/state.ts";
import { standardEntities, topics } from "./bridge-run.ts";
import { loaded } from "./configuration.ts";
import { type Component, DiscoveryPayload, wholeComponents } from "./home-assistant.ts";
import { runningContainer } from "./running-container.ts";

/* What the documents show of Home Assistant and Node-RED is held against the code: a name that is not there fails. */

interface Example {
  readonly place: string;
  readonly content: unknown;
  readonly text: string;
}

const root = join(import.meta.dirname, "..");

/** The YAML and JSON in the documents, parsed: what does not parse fails here. */
const examples: readonly Example[] = ["README.md", ...globSync("docs/*.md", { cwd: root })].flatMap((file) => {
  const page = readFileSync(join(root, file), "utf8");
  return [...page.matchAll(/^```(?<language>ya?ml|json)\n(?<text>[\s\S]*?)^```$/gm)].map(({ groups = {}, index }) => {
    const { language = "", text = "" } = groups;
    const place = `${file}:${page.slice(0, index).split("\n").length}`;
    return { place, text, content: language === "json" ? (JSON.parse(text) as unknown) : (parse(text) as unknown) };
  });
});

/** All texts in a value, with the key that each stands under. */
function textsIn(value: unknown, key = ""): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[key, value]];
  if (Array.isArray(value)) return value.flatMap((member: unknown) => textsIn(member, key));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsIn(member, name));
}

/** All objects in a value. */
function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== "object" || value === null) return [];
  return [value as Readonly<Record<string, unknown>>, ...Object.values(value).flatMap(objectsIn)];
}

const isSlug = /[^a-z0-9]+/g;
const context = { node: "nas", topics, version: "1", statsIntervalMs: 30_000, entities: standardEntities };

/** The ids that Home Assistant makes of a device's and an entity's name, of what is enabled from the start. */
function idsOf(discovery: object): readonly string[] {
  const payload = DiscoveryPayload.parse(discovery);
  const idOf = ({ platform, name }: Component): string =>
    `${platform}.${[payload.device.name, name ?? ""].join(" ").trim().toLowerCase().replace(isSlug, "_")}`;
  return [...wholeComponents(payload).values()].filter(({ enabled_by_default: on }) => on !== false).map(idOf);
}

const knownIds = new Set([
  ...idsOf(nodeDiscovery(context)),
  ...["web", "db"].flatMap((name) => idsOf(containerDiscovery({ container: runningContainer(name) }, context))),
]);
const state = (name: string): readonly string[] => [
  topics.availability(name),
  topics.containerState(name),
  topics.update(name),
  topics.containerStats(name),
];
const knownTopics = new Set([
  ...[topics.status, topics.engine, topics.state, topics.stats, topics.event, topics.result],
  ...["web", "db"].flatMap(state),
]);

/** What a template or a JSONata expression puts in for a container's name is `web` here. */
function topicsIn(text: string): readonly string[] {
  const filled = text.replace(/\{\{.*?\}\}/g, "web").replace(/' & [\w.]+ & '/g, "web");
  return [...filled.matchAll(/\bgangway\/nas\/[\w/.+#-]+/g)].map(([topic]) => topic);
}

const all = examples.flatMap(({ place, content }) => textsIn(content).map(([key, text]) => ({ place, key, text })));
const messages = {
  ...eventMessage(limitedEvent("", 0), ""),
  ...{ from: "", to: "", exit_code: 0, image: "" },
  ...resultMessage({
    id: "",
    command: "check",
    container: null,
    state: "done",
    message: "",
    startedAt: "",
    finishedAt: "",
  }),
};

describe("the examples in the documents", () => {
  it("are there", () => {
    expect(examples.map(({ place }) => place)).toContainEqual(expect.stringContaining("docs/home-assistant.md"));
    expect(examples.length).toBeGreaterThan(8);
  });

  it("name no topic that there is none of, and no command that Gangway would refuse", () => {
    const found = all.flatMap(({ place, text }) => topicsIn(text).map((topic) => ({ place, topic })));
    const wrong = found.filter(({ topic }) => {
      if (knownTopics.has(topic)) return false;
      const heard = parseCommand({ topic, payload: "" }, topics, () => true);
      return heard === undefined || (heard.kind === "refusal" && /There is no/.test(heard.message));
    });

    expect(found.length).toBeGreaterThan(8);
    expect(wrong).toEqual([]);
  });

  it("send what the commands take", () => {
    const sent = examples.flatMap(({ content }) =>
      objectsIn(content).flatMap(({ topic, payload }) => {
        const [one] = typeof topic === "string" ? topicsIn(topic) : [];
        const isCommand = one?.includes("/command/") === true;
        return isCommand && typeof payload === "string" ? [{ topic: one, payload }] : [];
      }),
    );

    expect(sent.length).toBeGreaterThan(2);
    for (const message of sent) {
      expect(
        parseCommand(message, topics, () => true),
        JSON.stringify(message),
      ).toMatchObject({ kind: "command" });
    }
  });

  it("name no entity that there is none of, or that is disabled from the start", () => {
    const id = /\b(?:update|switch|button|sensor|binary_sensor|event)\.(?:web|db|docker_nas)\w*/g;
    const found = all.flatMap(({ place, text }) => [...text.matchAll(id)].map(([entity]) => ({ place, entity })));

    expect(found.length).toBeGreaterThan(20);
    expect(found.filter(({ entity }) => !knownIds.has(entity))).toEqual([]);
  });

  it("wait for no event that never comes, and read nothing that it does not have", () => {
    const types = examples.flatMap(({ content }) =>
      objectsIn(content).flatMap(({ topic, payload, property, rules }) => {
        if (topic === topics.event && payload !== undefined) return [String(payload)];
        return property === "payload.event_type" ? objectsIn(rules).map(({ v }) => String(v)) : [];
      }),
    );
    const compared = all.flatMap(({ text }) =>
      [...text.matchAll(/event_type (?:==|in) (?<list>\[.*?\]|'\w+')/g)].flatMap(({ groups = {} }) =>
        [...(groups["list"] ?? "").matchAll(/'(\w+)'/g)].map(([, word = ""]) => word),
      ),
    );
    const members = all.flatMap(({ text }) =>
      [...text.matchAll(/trigger\.(?:payload_json|to_state\.attributes)\.(\w+)/g)].map(([, member = ""]) => member),
    );

    expect(types.length).toBeGreaterThan(3);
    expect([...types, ...compared].filter((type) => !(eventTypes as readonly string[]).includes(type))).toEqual([]);
    expect(members.filter((member) => member !== "reason" && !Object.hasOwn(messages, member))).toEqual([]);
  });

  it("of the configuration are taken", () => {
    const sections = examples.filter(({ content }) => objectsIn(content).some((one) => "mqtt" in one));
    const files = { "/config/ca.pem": "" };

    expect(sections.length).toBeGreaterThan(1);
    for (const { text } of sections) {
      const environment = text.includes("embedded") ? { GANGWAY_MQTT__EMBEDDED__PASSWORD: "x" } : {};
      expect(() => loaded({ yaml: text, files, environment })).not.toThrow();
    }
  });

  it("for Node-RED lead from node to node that there are", () => {
    const flow = examples.flatMap(({ content }) => (Array.isArray(content) ? objectsIn(content) : []));
    const ids = new Set(flow.map(({ id }) => id).filter((id) => id !== undefined));
    const ends = flow.flatMap(({ wires, z, broker, type }) => [
      ...(Array.isArray(wires) ? wires.flat() : []),
      ...(z === undefined ? [] : [z]),
      ...(broker === undefined || type === "mqtt-broker" ? [] : [broker]),
    ]);

    expect(ids.size).toBeGreaterThan(8);
    expect(ends.filter((id) => !ids.has(id))).toEqual([]);
  });
});
