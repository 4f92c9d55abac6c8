import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "src");

/** Which rooms a room may import from, besides itself. What stands nowhere here is forbidden. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  core: ["lib/errors", "lib/text"],
  config: ["core", "lib"],
  docker: ["core", "lib"],
  registry: ["core", "lib"],
  mqtt: ["core", "lib"],
  requests: ["core", "lib"],
  http: ["core", "lib", "requests"],
  files: ["core", "lib"],
  homeassistant: ["core", "lib", "requests"],
  operations: ["core", "lib"],
  inventory: ["core", "lib"],
  "gangway.ts": ["*"],
  "node.ts": ["*"],
  "doors.ts": ["*"],
  "node-bridge.ts": ["*"],
  "node-operations.ts": ["*"],
  "connections.ts": ["*"],
  "procedures.ts": ["*"],
  cli: ["*"],
  "main.ts": ["*"],
};

/** The one room that may import a third-party package. */
const homes: Readonly<Record<string, readonly string[]>> = {
  dockerode: ["docker"],
  "tar-stream": ["docker", "files"],
  undici: ["registry"],
  mqtt: ["mqtt"],
  aedes: ["mqtt"],
  pino: ["lib"],
  re2js: ["lib"],
  yaml: ["config"],
  fastify: ["http"],
  "@fastify/send": ["http"],
  "@fastify/busboy": ["http"],
  croner: ["inventory", "config"],
  "p-queue": ["operations", "registry", "inventory"],
  "write-file-atomic": ["files"],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

const sources = globSync("**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
const imports: readonly Import[] = sources.flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(?<target>[^"\n]+)"/g)].map(
    (match) => ({
      file,
      room: roomOf(file),
      target: match.groups?.["target"] ?? "",
    }),
  ),
);

function roomOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function isAllowed({ file, room, target }: Import): boolean {
  const path = relative(root, join(root, dirname(file), target));
  if (roomOf(path) === room) return true;
  return (allowed[room] ?? []).some((grant) => grant === "*" || path.startsWith(`${grant}/`) || path === `${grant}.ts`);
}

describe("architecture", () => {
  it("lets dependencies point inwards only", () => {
    const offences = imports.filter((found) => found.target.startsWith(".") && !isAllowed(found));

    expect(offences).toEqual([]);
  });

  it("gives each third-party package one home", () => {
    const offences = imports.filter(({ room, target }) => {
      if (target.startsWith(".") || target.startsWith("node:") || target === "zod") return false;
      const name = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : (target.split("/")[0] ?? "");
      return !(homes[name] ?? []).includes(room);
    });

    expect(offences).toEqual([]);
  });

  it("keeps the core pure: no input or output, no clock, no logger, no waiting", () => {
    const offences = sources
      .filter((file) => file.startsWith("core/"))
      .filter((file) =>
        /from "node:(?!crypto|path"|util)|from "zod"|\basync\b|\bawait\b|Date\.now|new Date\(\)|Math\.random./.test(
          readFileSync(join(root, file), "utf8"),
        ),
      );

    expect(offences).toEqual([]);
  });

  it("leaves the process to main.ts", () => {
    const offences = sources
      .filter((file) => file !== "main.ts")
      .filter((file) => /\bprocess\.[a-z]|from "node:process"/.test(readFileSync(join(root, file), "utf8")));

    expect(offences).toEqual([]);
  });

  it("keeps every file short enough to hold in the head", () => {
    const long = sources
      .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length }))
      .filter(({ lines }) => lines > 300);

    expect(long).toEqual([]);
  });
});
