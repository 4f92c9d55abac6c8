import { describe, expect, it } from "vitest";
import { createLog, createSecrets } from "../lib/log.ts";
import { environmentCredentials } from "./docker-auths.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

function opened(text: string) {
  const lines: string[] = [];
  const secrets = createSecrets();
  const log = createLog({ level: "trace", output: { write: (line) => lines.push(line) }, secrets });
  return { locate: environmentCredentials({ log, secrets }, text), lines, secrets };
}

describe("environmentCredentials", () => {
  it("knows what DOCKER_AUTH_CONFIG has, and keeps it out of the log", async () => {
    const auths = {
      "https://index.docker.io/v1/": { auth: base64("alice:wonderland") },
      "GHCR.io": { auth: base64("bob:looking-glass") },
    };
    const { locate, lines, secrets } = opened(JSON.stringify({ auths }));

    expect(await locate("docker.io")).toEqual({ kind: "password", username: "alice", password: "wonderland" });
    expect(await locate("ghcr.io")).toEqual({ kind: "password", username: "bob", password: "looking-glass" });
    expect(await locate("quay.io")).toBeUndefined();
    expect(secrets.redact(`wonderland ${base64("bob:looking-glass")}`)).toBe("*** ***");
    expect(lines).toEqual([]);
  });

  it.each([
    ["not JSON", '{"auths":{"ghcr.io":{"auth":"secret-secret'],
    ["of another shape", '{"auths":["secret-secret"]}'],
  ])("warns once, without quoting it, of one that is %s", async (_name, text) => {
    const { locate, lines } = opened(text);

    expect(await locate("ghcr.io")).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("DOCKER_AUTH_CONFIG");
    expect(lines[0]).not.toContain("secret");
  });
});
