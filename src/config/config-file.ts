import { join } from "node:path";
import type { Layer } from "./layers.ts";
import type { Origin, Problem } from "./problems.ts";
import type { ReadFile } from "./source.ts";
import { withoutNulls } from "./tree.ts";
import { parseYaml } from "./yaml-file.ts";

/** Where to look for `config.yaml`. A path that was given must lead to a file; empty counts as not given. */
export interface FileRequest {
  /** From `--config`. */
  readonly option: string | undefined;
  /** From `GANGWAY_CONFIG`. */
  readonly variable: string | undefined;
  readonly cwd: string;
}

/** The file's part in the configuration. */
export interface ConfigSource {
  /** Absent where there is no file. */
  readonly file?: { readonly path: string; readonly mode: number; readonly layer: Layer };
  readonly problems: readonly Problem[];
  /** False where nothing can be said about the keys in it. */
  readonly readable: boolean;
}

/** Finds and parses the file: `--config`, else `GANGWAY_CONFIG`, else `./config.yaml`, else `/config/config.yaml`. */
export function configSource(readFile: ReadFile, request: FileRequest): ConfigSource {
  const named = request.option || request.variable;
  const paths = named ? [named] : [join(request.cwd, "config.yaml"), "/config/config.yaml"];
  for (const path of paths) {
    const file = readFile(path);
    if (file.kind === "text") return sourceFrom(path, file.text, file.mode);
    if (file.kind === "missing" && !named) continue;
    const found = file.kind === "missing" ? `no file ${JSON.stringify(path)}` : file.reason;
    const origin = originOfPath(request, path);
    return { problems: [{ origin, key: "", expected: "a file with the configuration", found }], readable: true };
  }
  return { problems: [], readable: true };
}

function originOfPath({ option, variable }: FileRequest, path: string): Origin {
  if (option) return { kind: "option", name: "--config" };
  if (variable) return { kind: "environment", name: "GANGWAY_CONFIG" };
  return { kind: "file", file: path, line: 1, column: 1 };
}

function sourceFrom(path: string, text: string, mode: number): ConfigSource {
  const yaml = parseYaml(text);
  const layer: Layer = {
    value: withoutNulls(yaml.value) ?? undefined,
    originOf: (place, part) => ({ kind: "file", file: path, ...yaml.positionOf(place, part) }),
  };
  return {
    file: { path, mode, layer },
    problems: yaml.faults.map(({ line, column, ...rest }) => ({
      origin: { kind: "file", file: path, line, column },
      ...rest,
    })),
    readable: yaml.readable,
  };
}
