/**
 * Writes the documents that are made from the configuration's schema and the tables of entities. With `--check`, writes nothing and fails where one
 * of them is not what it should be.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchema } from "../src/config/keys.ts";
import { openApiDocument } from "../src/http/api/openapi.ts";
import { configurationPage, settingsTable } from "./configuration-page.ts";
import { entitiesPage } from "./entities-page.ts";
import { monitorTable, monkeyTable, routesTable, watcherTable } from "./routes-table.ts";

const root = join(import.meta.dirname, "..");

const documents: Readonly<Record<string, string>> = {
  "docs/configuration.md": configurationPage(),
  "docs/entities.md": entitiesPage(),
  "docs/config.schema.json": `${JSON.stringify({ title: "Gangway's configuration", ...jsonSchema() }, null, 2)}\n`,
  "docs/openapi.json": `${JSON.stringify(openApiDocument(version()), null, 2)}\n`,
  "README.md": Object.entries({
    settings: settingsTable(),
    routes: routesTable(),
    monitor: monitorTable(),
    watcher: watcherTable(),
    monkey: monkeyTable(),
  }).reduce((text, [name, table]) => between(text, name, table), currentText("README.md") ?? ""),
};

const stale = Object.keys(documents).filter((path) => currentText(path) !== documents[path]);
if (process.argv.includes("--check")) {
  for (const path of stale) console.error(`${path} is not up to date: run "npm run docs"`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const path of stale) {
    writeFileSync(join(root, path), documents[path] ?? "");
    console.log(`wrote ${path}`);
  }
}

function currentText(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

function version(): string {
  return (JSON.parse(currentText("package.json") ?? "{}") as { readonly version: string }).version;
}

/** `readme` with `table` between the two markers of `name`. */
function between(readme: string | undefined, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, rest] = readme?.split(begin) ?? [];
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md needs the lines ${begin} and ${end}`);
  return `${before}${begin}\n${table}\n${end}${after}`;
}
