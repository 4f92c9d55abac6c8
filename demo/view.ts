import type { Seen } from "../test/bed/mqtt-client.ts";
import type { Line } from "./screen.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a container's topics say now; an empty object for a topic that has said nothing. */
export function readTopic(seen: Seen, topic: string): Json {
  const text = seen.retained(topic) ?? "";
  return text.startsWith("{") ? (JSON.parse(text) as Json) : {};
}

/** The lines of the table, from what the broker has retained and from the last statistics. */
export function linesFrom(seen: Seen, node: string): readonly Line[] {
  const prefix = `gangway/${node}/container/`;
  const names = seen
    .topics()
    .filter((topic) => topic.startsWith(prefix) && topic.endsWith("/state"))
    .map((topic) => topic.slice(prefix.length, -"/state".length));
  return names
    .filter((name) => seen.retained(`${prefix}${name}/availability`) === "online")
    .map((name) => {
      const state = readTopic(seen, `${prefix}${name}/state`);
      const update = readTopic(seen, `${prefix}${name}/update`);
      const message = seen.messages.findLast(({ topic }) => topic === `${prefix}${name}/stats`);
      const stats = message === undefined ? {} : (JSON.parse(message.payload) as Json);
      return {
        name,
        state: String(state["state"]),
        health: String(state["health"]),
        installed: String(update["installed_version"] ?? ""),
        latest: typeof update["latest_version"] === "string" ? update["latest_version"] : undefined,
        phase: String(state["phase"]),
        percent: numberOrNull(update["update_percentage"]),
        secondsLeft: numberOrNull(state["seconds_left"]),
        cpu: numberOrNull(stats["cpu_percent"]),
        memoryBytes: numberOrNull(stats["memory_bytes"]),
      };
    });
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
