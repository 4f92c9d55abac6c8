import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesFrom, load, loaded } from "../../test/configuration.ts";
import { anyPlace, configKeys } from "./keys.ts";
import { at, pathsOf } from "./tree.ts";
import { parseYaml } from "./yaml-file.ts";

const example = readFileSync(join(import.meta.dirname, "..", "..", "config.example.yaml"), "utf8");

/** The example with every key in force: `# ` goes, and `##` becomes a plain comment. */
const uncommented = example
  .split("\n")
  .slice(1)
  .map((line) => line.replace(/^#(?: |(?=#))/, ""))
  .join("\n");
const tree = parseYaml(uncommented).value;

describe("config.example.yaml", () => {
  it("changes nothing as it is", () => {
    expect(loaded({ yaml: example })).toEqual(loaded());
  });

  it("is valid with every key in force", () => {
    const config = filesFrom({ "/home/me/config.yaml": uncommented });
    const anyCertificate = filesFrom({ "/pem": "" });
    const result = load({ readFile: (path) => (path.startsWith("/certs/") ? anyCertificate("/pem") : config(path)) });

    expect(result).toMatchObject({ kind: "loaded" });
  });

  it("has every key", () => {
    const missing = configKeys().filter((key) => pathsOf(key, tree).length === 0);

    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("shows the defaults that are in force", () => {
    const keys = configKeys().filter((key) => key.fallback !== undefined && key.kind !== "objects");
    const shown = keys.filter(({ path }) => !path.includes(anyPlace)).map((key) => [key.name, at(tree, key.path)]);
    const inForce = keys.filter(({ path }) => !path.includes(anyPlace)).map((key) => [key.name, key.fallback]);

    expect(shown).toEqual(inForce);
  });

  it("tells editors where the schema is", () => {
    expect(example.split("\n")[0]).toBe("# yaml-language-server: $schema=docs/config.schema.json");
  });
});
