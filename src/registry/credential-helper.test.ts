import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog, createSecrets } from "../lib/log.ts";
import { createCredentialHelpers } from "./credential-helper.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "credential-helper-"));
});

afterEach(() => rm(directory, { recursive: true }));

/** Installs a helper: a shell script. What it is asked, it writes to the file `asked`. */
async function install(name: string, script: string, mode = 0o755) {
  const path = join(directory, `docker-credential-${name}`);
  const asked = join(directory, "asked");
  await writeFile(path, `#!/bin/sh\nserver=$(cat)\necho "$# $1 $server" >> ${asked}\n${script}\n`);
  await chmod(path, mode);
}

async function asked(): Promise<readonly string[]> {
  return (await readFile(join(directory, "asked"), "utf8").catch(() => "")).split("\n").slice(0, -1);
}

function opened(patienceMs?: number) {
  const lines: string[] = [];
  const secrets = createSecrets();
  const log = createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets });
  let time = 1_000_000;
  const environment = { PATH: `${directory}:/usr/bin:/bin` };
  const clock = { now: () => time };
  const ask = createCredentialHelpers({
    ...{ log, secrets, clock, environment },
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  const advance = (ms: number) => {
    time += ms;
  };
  return { ask, lines, secrets, advance };
}

const answer = (username: string, secret: string) =>
  `echo '${JSON.stringify({ ServerURL: "ghcr.io", Username: username, Secret: secret })}'`;
const alice = { kind: "password", username: "alice", password: "wonderland" };

describe("a credential helper", () => {
  it("is asked for one server, which it is told on its standard input", async () => {
    await install("some", answer("alice", "wonderland"));
    const { ask, lines, secrets } = opened();

    expect(await ask("some", "https://index.docker.io/v1/")).toEqual(alice);
    expect(await asked()).toEqual(["1 get https://index.docker.io/v1/"]);
    expect(secrets.redact("wonderland")).toBe("***");
    expect(lines).toEqual([]);
  });

  it("can keep an identity token", async () => {
    await install("some", answer("<token>", "identity"));

    expect(await opened().ask("some", "x.azurecr.io")).toEqual({ kind: "identity_token", token: "identity" });
  });

  it.each([
    ["says so in the words of the protocol", "echo 'credentials not found in native keychain'; exit 1"],
    ["has an empty secret", answer("alice", "")],
    ["has an empty user name", answer("", "wonderland")],
  ])("has none where it %s, which is nothing to warn of", async (_name, script) => {
    await install("some", script);
    const { ask, lines } = opened();

    expect(await ask("some", "ghcr.io")).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it.each([
    ["fails", "echo secret-text; echo secret-text >&2; exit 1", "it ended with an error"],
    ["says something else", "echo secret-text", "its answer is not what a credential helper says"],
    ["says JSON of something else", `echo '{"Username":"secret-text"}'`, "its answer is not what"],
    ["says too much", "head -c 100000 /dev/zero | tr '\\\\0' s", "its answer is too long"],
    ["is killed", "kill -9 $$", "it was ended by SIGKILL"],
    ["takes too long", "exec sleep 100", "it took longer than 0.5 s"],
  ])("that %s is warned of once, and of none of its words", async (_name, script, reason) => {
    await install("some", script);
    const { ask, lines } = opened(500);

    expect(await ask("some", "ghcr.io")).toBeUndefined();
    expect(await ask("some", "quay.io")).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: 40,
      helper: "some",
      reason: expect.stringContaining(reason),
    });
    expect(lines[0]).not.toContain("secret-text");
  });

  it("that is not installed is warned of once, and is no obstacle", async () => {
    const { ask, lines } = opened();

    expect(await ask("desktop", "ghcr.io")).toBeUndefined();
    expect(await ask("desktop", "quay.io")).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("docker-credential-desktop is not installed here");
  });

  it("that cannot be run is warned of", async () => {
    await install("some", answer("alice", "wonderland"), 0o644);
    const { ask, lines } = opened();

    expect(await ask("some", "ghcr.io")).toBeUndefined();
    expect(lines).toHaveLength(1);
  });

  it.each(["../evil", "some;evil", "a b", "$(evil)", "-x", "", "x".repeat(65)])("is not called %j", async (name) => {
    await install("some", answer("alice", "wonderland"));
    const { ask, lines } = opened();

    expect(await ask(name, "ghcr.io")).toBeUndefined();
    expect(lines[0]).toContain("its name is none that a program can have");
    expect(await asked()).toEqual([]);
  });

  it("is asked again after five minutes, and after its clock was set back, and what it kept before is then forgotten", async () => {
    await install("some", answer("alice", "wonderland"));
    const { ask, secrets, advance } = opened();
    await Promise.all([ask("some", "ghcr.io"), ask("some", "ghcr.io")]);
    advance(299_999);
    expect(await ask("some", "ghcr.io")).toEqual(alice);
    expect(await asked()).toHaveLength(1);

    await install("some", answer("alice", "looking-glass"));
    advance(1);
    expect(await ask("some", "ghcr.io")).toMatchObject({ password: "looking-glass" });
    expect(await asked()).toHaveLength(2);
    expect(secrets.redact("wonderland looking-glass")).toBe("wonderland ***");

    advance(-1_000);
    await ask("some", "ghcr.io");
    expect(await asked()).toHaveLength(3);
  });

  it("stays secret where another server's has the same secret still", async () => {
    await install("some", answer("alice", "wonderland"));
    const { ask, secrets, advance } = opened();
    await ask("some", "a");
    advance(200_000);
    await ask("some", "b");
    await install("some", answer("alice", "looking-glass"));
    advance(100_000);
    await ask("some", "a");

    expect(secrets.redact("wonderland looking-glass")).toBe("*** ***");
  });

  it("that works again may be warned of again", async () => {
    await install("some", "exit 1");
    const { ask, lines, advance } = opened();
    await ask("some", "ghcr.io");
    await install("some", answer("alice", "wonderland"));
    advance(300_000);
    expect(await ask("some", "ghcr.io")).toEqual(alice);
    await install("some", "exit 1");
    advance(300_000);
    await ask("some", "ghcr.io");

    expect(lines).toHaveLength(2);
  });
});
