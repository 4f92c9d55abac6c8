import type { HomeAssistantView } from "../../test/bed/home-assistant/view.ts";
import { node, residents } from "./host.ts";

/** The dashboard in the picture, as Home Assistant keeps it: the host, and a section for each container. */
export function dashboardFor({ entities }: HomeAssistantView): object {
  const entity = (uniqueId: string): string => entities.get(`gangway_${node}_${uniqueId}`)?.entity_id ?? "";
  const tile = (uniqueId: string, name: string, more: object = {}): object => ({
    type: "tile",
    entity: entity(uniqueId),
    name,
    ...more,
  });
  const wide = { grid_options: { columns: 12 } };
  const host = [
    { type: "heading", heading: "Docker host", icon: "mdi:docker" },
    tile("updates", "Updates"),
    tile("running", "Running"),
    tile("cpu", "CPU"),
    tile("memory", "Memory"),
    tile("check", "Check for updates", wide),
  ];
  const sections = residents.map(({ name, next, isStopped }) => [
    { type: "heading", heading: name, icon: "mdi:cube-outline" },
    tile(`${name}_power`, "Power", { features: [{ type: "toggle" }], features_position: "inline", ...wide }),
    ...(next === undefined
      ? []
      : [tile(`${name}_update`, "Update", { features: [{ type: "update-actions" }], ...wide })]),
    ...(isStopped
      ? [tile(`${name}_state`, "State", wide)]
      : [tile(`${name}_cpu`, "CPU"), tile(`${name}_memory`, "Memory")]),
  ]);
  return {
    views: [
      {
        title: "Docker",
        type: "sections",
        max_columns: 3,
        sections: [host, ...sections].map((cards) => ({ type: "grid", cards })),
      },
    ],
  };
}
