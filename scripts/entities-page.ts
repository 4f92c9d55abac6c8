import type { EntityRank } from "../src/core/entity-selection.ts";
import { containerEntities, containerStatsEntities } from "../src/homeassistant/container-entities.ts";
import type { EntityRow } from "../src/homeassistant/entity-row.ts";
import { nodeDiskEntities, nodeEntities, nodeStatsEntities } from "../src/homeassistant/node-entities.ts";

/** `docs/entities.md`: every entity, from the tables that discovery is made of. */
export function entitiesPage(): string {
  return `<!-- Made from src/homeassistant/container-entities.ts and node-entities.ts by \`npm run docs\`: do not edit. -->
# Entities

Each container is a device of Home Assistant, and so is each engine, with these entities. The setting \`entities.preset\`
decides which there are:

- \`minimal\`: those marked so;
- \`standard\`: also all others but those marked \`full\`; those marked *disabled* wait in Home Assistant until somebody
  enables them there;
- \`full\`: all, and enabled.

\`entities.include\` adds entities by their key, and \`entities.exclude\` takes them away; the node's have \`node.\` in front.
What is taken away disappears from Home Assistant. An entity that Home Assistant has known as disabled stays disabled when
the preset is changed: it asks only when it hears of an entity for the first time. Figures are there while
\`stats.interval\` is not \`0\`.

## Of each container

${tableOf("", [...containerEntities, ...containerStatsEntities])}

## Of the node

${tableOf("node.", [...nodeEntities, ...nodeStatsEntities, ...nodeDiskEntities])}
`;
}

function tableOf(prefix: string, rows: readonly EntityRow[]): string {
  const lines = rows.map((row) => {
    const { key, platform, name, config } = row;
    const kind = [config["device_class"], config["unit_of_measurement"]]
      .filter((word) => word !== undefined)
      .join(", ");
    const category = config["entity_category"] ?? "–";
    return `| \`${prefix}${key}\` | ${name ?? "(the device's own)"} | ${platform} | ${kind || "–"} | ${category} | ${markOf(row)} |`;
  });
  return [
    "| key | name | platform | class, unit | category | preset |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function markOf({ from = "standard", isSeldomWanted }: EntityRank): string {
  return isSeldomWanted === true ? `${from}, disabled` : from;
}
