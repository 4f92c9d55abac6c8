import { describe, expect, it } from "vitest";
import { canonicalText, type ImageReference, parseImageReference } from "../core/image-reference.ts";
import { type ErrorCode, GangwayError } from "../lib/errors.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import { createMirrors } from "./mirrors.ts";

const registries = [
  { host: "one.lan:5000", mirrorOf: "docker.io" },
  { host: "ghcr.io" },
  { host: "Two.lan", mirrorOf: "index.docker.io" },
];

/** What was asked for `image`, and what came of it; `faults` are the registries that fail. */
function opened(faults: Record<string, ErrorCode> = {}) {
  const lines: string[] = [];
  let time = 1_000;
  const log = createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets: createSecrets() });
  const mirrors = createMirrors({ log, clock: { elapsed: () => time } }, registries);
  const asked: string[] = [];
  const ask = (reference: ImageReference) => {
    asked.push(canonicalText(reference));
    const code = faults[reference.registry];
    return code === undefined ? Promise.resolve(reference.registry) : Promise.reject(new GangwayError(code, "no"));
  };
  return {
    lines,
    faults,
    advance: (ms: number) => {
      time += ms;
    },
    look: async (image: string) => {
      asked.length = 0;
      const reference = parseImageReference(image);
      if (reference.kind !== "reference") throw new Error(image);
      const found = await mirrors(reference, ask).catch((error: GangwayError) => error.code);
      return { found, asked: [...asked] };
    },
  };
}

describe("mirrors", () => {
  it("are asked in place of their registry only", async () => {
    const { look } = opened();

    expect(await look("nginx:1")).toEqual({ found: "one.lan:5000", asked: ["one.lan:5000/library/nginx:1"] });
    expect(await look("ghcr.io/a/b:1")).toEqual({ found: "ghcr.io", asked: ["ghcr.io/a/b:1"] });
  });

  it.each<ErrorCode>([
    "registry_not_found",
    "registry_unreachable",
    "registry_denied",
    "registry_limited",
    "registry_failed",
    "registry_answer_invalid",
    "timeout",
  ])("leave it to the next and then to the registry itself where they answer %s", async (code) => {
    const { look } = opened({ "one.lan:5000": code, "two.lan": code });

    expect(await look("a/b:1")).toEqual({
      found: "docker.io",
      asked: ["one.lan:5000/a/b:1", "two.lan/a/b:1", "docker.io/a/b:1"],
    });
  });

  it("leave the last word to the registry itself", async () => {
    const { look } = opened({
      "one.lan:5000": "registry_not_found",
      "two.lan": "registry_failed",
      "docker.io": "registry_denied",
    });

    expect((await look("nginx")).found).toBe("registry_denied");
  });

  it("are not passed over by an abort", async () => {
    const { look } = opened({ "one.lan:5000": "aborted" });

    expect(await look("nginx:1")).toEqual({ found: "aborted", asked: ["one.lan:5000/library/nginx:1"] });
  });

  it.each<ErrorCode>(["registry_unreachable", "timeout"])("are left alone for a minute after %s", async (code) => {
    const { look, advance, faults } = opened({ "one.lan:5000": code });
    await look("nginx:1");
    delete faults["one.lan:5000"];

    advance(59_999);
    expect((await look("nginx:1")).asked).toEqual(["two.lan/library/nginx:1"]);
    advance(1);
    expect((await look("nginx:1")).found).toBe("one.lan:5000");
  });

  it("are mentioned once in the log while they fail, and not for what they do not have", async () => {
    const { look, lines, faults } = opened({ "one.lan:5000": "registry_failed", "two.lan": "registry_not_found" });
    await look("nginx:1");
    await look("nginx:2");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ registry: "docker.io", mirror: "one.lan:5000", reason: "no" });

    delete faults["one.lan:5000"];
    await look("nginx:1");
    faults["one.lan:5000"] = "registry_failed";
    await look("nginx:1");
    expect(lines).toHaveLength(2);
  });
});
