import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Credentials } from "../core/ports.ts";
import { createLog, createSecrets } from "../lib/log.ts";
import type { AskHelper } from "./credential-helper.ts";
import { dockerConfigCredentials } from "./docker-config.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const alice = { kind: "password", username: "alice", password: "wonder:land" };

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "docker-config-"));
  path = join(directory, "config.json");
});

afterEach(() => rm(directory, { recursive: true }));

/** A locator for the file, and the lines that it logs. */
function opened(askHelper: AskHelper = () => Promise.resolve(undefined)) {
  const lines: string[] = [];
  const secrets = createSecrets();
  const log = createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets });
  return { locate: dockerConfigCredentials({ log, secrets, askHelper }, path), lines, secrets };
}

/** As `docker login` writes it: a new file takes the old one's place. */
async function write(content: unknown) {
  await writeFile(`${path}.new`, typeof content === "string" ? content : JSON.stringify(content));
  await rename(`${path}.new`, path);
}

describe("dockerConfigCredentials", () => {
  it.each([
    ["what docker login writes", { auth: base64("alice:wonder:land") }, alice],
    ["a password with NULs at its end", { auth: base64("alice:wonder:land\0\0") }, alice],
    ["user name and password", { username: "alice", password: "wonder:land" }, alice],
    [
      "an identity token",
      { auth: base64("00000000-0000-0000-0000-000000000000:"), identitytoken: "identity" },
      { kind: "identity_token", token: "identity" },
    ],
    ["a registry token", { registrytoken: "ready" }, { kind: "registry_token", token: "ready" }],
    ["the empty place of a credential helper", {}, undefined],
    ["something that is not base64 of a pair", { auth: base64("alice") }, undefined],
    ["a user name without password", { auth: base64("alice:") }, undefined],
  ])("reads %s", async (_name, auth, expected) => {
    await write({ auths: { "ghcr.io": auth } });
    const { locate, lines } = opened();

    expect(await locate("ghcr.io")).toEqual(expected);
    expect(lines).toEqual([]);
  });

  it.each([
    ["https://index.docker.io/v1/", "docker.io"],
    ["docker.io", "docker.io"],
    ["index.docker.io", "docker.io"],
    ["https://ghcr.io", "ghcr.io"],
    ["https://registry.example:5000/v2/", "registry.example:5000"],
    ["http://127.0.0.1:5000/v1/", "127.0.0.1:5000"],
    ["GHCR.io", "ghcr.io"],
  ])("takes the key %s for %s", async (key, registry) => {
    await write({ auths: { [key]: { auth: base64("alice:wonder:land") } } });

    expect(await opened().locate(registry)).toEqual(alice);
  });

  it("takes the first of several keys for the same registry", async () => {
    await write({
      auths: { "ghcr.io": { auth: base64("alice:wonder:land") }, "https://ghcr.io": { auth: base64("bob:x") } },
    });

    expect(await opened().locate("ghcr.io")).toEqual(alice);
  });

  it("does not take tokens of other programs for Docker Hub's credentials", async () => {
    await write({
      auths: {
        "https://index.docker.io/v1/access-token": { auth: base64("desktop:x") },
        "https://index.docker.io/v1/": { auth: base64("alice:wonder:land") },
        "quay.io/some/path": { auth: base64("podman:x") },
      },
    });
    const { locate } = opened();

    expect(await locate("docker.io")).toEqual(alice);
    expect(await locate("quay.io")).toBeUndefined();
  });

  it("notices a login and a logout while it runs", async () => {
    const { locate, lines } = opened();
    expect(await locate("ghcr.io")).toBeUndefined();

    await write({ auths: { "ghcr.io": { auth: base64("alice:wonder:land") } } });
    expect(await locate("ghcr.io")).toEqual(alice);
    await write({ auths: {} });
    expect(await locate("ghcr.io")).toBeUndefined();
    await rm(path);
    expect(await locate("ghcr.io")).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it.each([
    ["cut off", '{"auths":{"ghcr.io":{"auth":"secret-secret'],
    ["of another shape", { auths: ["secret-secret"] }],
    ["of another shape within", { auths: { "ghcr.io": { auth: ["secret-secret"] } } }],
  ])("warns once, without quoting it, of a file that is %s, and reads it once it is mended", async (_name, content) => {
    await write(content);
    const { locate, lines } = opened();

    expect(await locate("ghcr.io")).toBeUndefined();
    expect(await locate("quay.io")).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(path);
    expect(lines[0]).not.toContain("secret");

    await write({ auths: { "ghcr.io": { auth: base64("alice:wonder:land") } } });
    expect(await locate("ghcr.io")).toEqual(alice);
    expect(lines).toHaveLength(1);
  });

  it("keeps passwords and tokens out of the log", async () => {
    await write({
      auths: {
        "ghcr.io": { auth: base64("alice:wonder:land") },
        "quay.io": { identitytoken: "identity-token" },
        "r.example": { registrytoken: "registry-token" },
      },
    });
    const { locate, secrets } = opened();
    await locate("ghcr.io");

    const text = `wonder:land identity-token registry-token ${base64("alice:wonder:land")}`;
    expect(secrets.redact(text)).toBe("*** *** *** ***");
  });

  describe("with credential helpers", () => {
    const kept = (name: string): Credentials => ({ kind: "identity_token", token: `kept by ${name}` });

    it.each<[string, object, string, string | undefined]>([
      ["the store for all", { credsStore: "all" }, "ghcr.io", "all ghcr.io"],
      [
        "the store under Docker Hub's old address",
        { credsStore: "all" },
        "docker.io",
        "all https://index.docker.io/v1/",
      ],
      [
        "the registry's own before the store",
        { credsStore: "all", credHelpers: { "ghcr.io": "own" } },
        "ghcr.io",
        "own ghcr.io",
      ],
      [
        "the store for other registries",
        { credsStore: "all", credHelpers: { "ghcr.io": "own" } },
        "quay.io",
        "all quay.io",
      ],
      ["nobody for other registries", { credHelpers: { "ghcr.io": "own" } }, "quay.io", undefined],
      [
        "the store where a registry's own has no name",
        { credsStore: "all", credHelpers: { "ghcr.io": "" } },
        "ghcr.io",
        "all ghcr.io",
      ],
      ["nobody where the store has no name", { credsStore: "" }, "ghcr.io", undefined],
      [
        "Docker Hub's own by its old address",
        { credHelpers: { "https://index.docker.io/v1/": "own" } },
        "docker.io",
        "own https://index.docker.io/v1/",
      ],
      [
        "Docker Hub's own by its name",
        { credHelpers: { "docker.io": "own" } },
        "docker.io",
        "own https://index.docker.io/v1/",
      ],
    ])("asks %s", async (_name, config, registry, expected) => {
      await write({ auths: { [registry]: {} }, ...config });
      const { locate, lines } = opened((name, server) => Promise.resolve(kept(`${name} ${server}`)));

      expect(await locate(registry)).toEqual(expected === undefined ? undefined : kept(expected));
      expect(lines).toEqual([]);
    });

    it("lets the helper win over auths, and takes those where it has none", async () => {
      await write({ auths: { "ghcr.io": { auth: base64("alice:wonder:land") } }, credsStore: "all" });
      let answer: Credentials | undefined = kept("all");
      const { locate } = opened(() => Promise.resolve(answer));

      expect(await locate("ghcr.io")).toEqual(kept("all"));
      answer = undefined;
      expect(await locate("ghcr.io")).toEqual(alice);
    });
  });
});
