import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HomeAssistantView } from "../bed/home-assistant/view.ts";

/** A row of docs/entities.md, as it stands there. */
interface DocumentedEntity {
  readonly key: string;
  readonly name: string;
  readonly platform: string;
  /** The device class and the unit, those that there are. */
  readonly kind: string;
  readonly category: string;
}

const none = "–";
const read = (name: string): string => readFileSync(join(import.meta.dirname, "..", "..", "docs", name), "utf8");

/** The entities of a container (or of the node) that the documentation promises for the preset `standard`. */
export function documentedFor(device: "container" | "node"): readonly DocumentedEntity[] {
  return read("entities.md")
    .split("\n")
    .flatMap((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      const [, code = "", name = "", platform = "", kind = "", category = "", preset = ""] = cells;
      const key = /^`(?<node>node\.)?(?<key>\w+)`$/.exec(code)?.groups;
      if (key === undefined || preset === "full" || (key["node"] !== undefined) !== (device === "node")) return [];
      return [{ key: key["key"] ?? "", name: name === "(the device's own)" ? none : name, platform, kind, category }];
    });
}

/** The entities of `device` that Home Assistant has, told in the same words; all of them are switched on. */
export function entitiesOf(view: HomeAssistantView, device: string): readonly DocumentedEntity[] {
  const deviceId = view.devices.get(device)?.id;
  const own = [...view.entities.values()].filter(({ device_id }) => device_id === deviceId);
  return own.map(({ unique_id, entity_id, original_name, entity_category }) => {
    const { device_class, unit_of_measurement } = view.state(unique_id)?.attributes ?? {};
    return {
      key: unique_id.slice(device.length + 1),
      name: original_name ?? none,
      platform: entity_id.split(".")[0] ?? "",
      kind: [device_class, unit_of_measurement].filter((one) => one !== undefined).join(", ") || none,
      category: entity_category ?? none,
    };
  });
}

/** The ids of entities of the node `nas` and of the container `web` that the examples in the documentation use. */
export function documentedIds(): readonly string[] {
  const found = read("home-assistant.md").matchAll(
    /\b(?:binary_sensor|button|event|sensor|switch|update)\.(?:docker_nas_|web_|web\b)\w*/g,
  );
  return [...new Set([...found].map(([id]) => id))];
}
