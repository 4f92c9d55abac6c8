import { join } from "node:path";
import { engineTransportOf } from "./address.ts";
import type { Environment } from "./environment.ts";
import type { Layer } from "./layers.ts";
import type { ReadFile } from "./source.ts";
import { at, isSection } from "./tree.ts";

/**
 * The engine that `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` name, as the docker CLI reads them
 * (https://docs.docker.com/reference/cli/docker/#environment-variables): a host without scheme is TCP, any text in
 * `DOCKER_TLS_VERIFY` turns TLS on, and `ca.pem`, `cert.pem` and `key.pem` are used where they exist.
 */
export function dockerEngine(readFile: ReadFile, environment: Environment): Readonly<Record<string, string>> {
  const named = environment["DOCKER_HOST"]?.trim() ?? "";
  if (named === "") return {};
  const host = named.includes("://") ? named : `tcp://${named}`;
  const secure = (environment["DOCKER_TLS_VERIFY"] ?? "") !== "";
  if (!secure || engineTransportOf(host) === "socket") return { host };
  const directory =
    environment["DOCKER_CERT_PATH"] || environment["DOCKER_CONFIG"] || join(environment["HOME"] ?? "/", ".docker");
  const files = { ca_file: "ca.pem", cert_file: "cert.pem", key_file: "key.pem" };
  return {
    host: host.replace(/^(?:tcp|http):/, "https:"),
    ...Object.fromEntries(
      Object.entries(files)
        .map(([key, name]) => [key, join(directory, name)] as const)
        .filter(([, path]) => readFile(path).kind === "text"),
    ),
  };
}

/** `configuration` with every engine that has no `host` of its own filled in from `engine`; without engines, with that one. */
export function withDockerEngine(configuration: Layer, engine: Readonly<Record<string, string>>): Layer {
  const engines = at(configuration.value, ["engines"]);
  if (engine["host"] === undefined || (engines !== undefined && !Array.isArray(engines))) return configuration;
  if (!isSection(configuration.value)) return configuration;
  const filled = ((engines as readonly unknown[] | undefined) ?? [{}]).map((entry) =>
    isSection(entry) && entry["host"] === undefined ? { ...engine, ...entry } : entry,
  );
  return {
    value: { ...configuration.value, engines: filled },
    originOf: (path, part) => {
      const isFilled = path[0] === "engines" && path.length === 3 && at(configuration.value, path) === undefined;
      if (isFilled && engine[String(path[2])] !== undefined) return { kind: "environment", name: "DOCKER_HOST" };
      return engines === undefined && path[0] === "engines"
        ? { kind: "environment", name: "DOCKER_HOST" }
        : configuration.originOf(path, part);
    },
  };
}
