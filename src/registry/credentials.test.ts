import { describe, expect, it } from "vitest";
import { createSecrets } from "../lib/log.ts";
import { configuredCredentials, firstCredentials } from "./credentials.ts";

describe("configuredCredentials", () => {
  it("knows a registry by each of its names, and keeps its secrets out of the log", async () => {
    const secrets = createSecrets();
    const locate = configuredCredentials({ secrets }, [
      { host: "registry-1.docker.io", username: "alice", password: "wonderland" },
      { host: "GHCR.io", token: "looking-glass" },
    ]);

    expect(await locate("docker.io")).toEqual({ kind: "password", username: "alice", password: "wonderland" });
    expect(await locate("ghcr.io")).toEqual({ kind: "registry_token", token: "looking-glass" });
    expect(await locate("quay.io")).toBeUndefined();
    expect(secrets.redact("wonderland looking-glass YWxpY2U6d29uZGVybGFuZA== alice")).toBe("*** *** *** alice");
  });

  it("knows nothing for a registry that is configured without credentials", async () => {
    const locate = configuredCredentials({ secrets: createSecrets() }, [{ host: "ghcr.io", username: "alice" }]);

    expect(await locate("ghcr.io")).toBeUndefined();
  });
});

describe("firstCredentials", () => {
  it("lets the first that knows something decide, and asks no further", async () => {
    const asked: string[] = [];
    const locator = (name: string, known: string) => (registry: string) => {
      asked.push(name);
      return Promise.resolve(registry === known ? ({ kind: "identity_token", token: name } as const) : undefined);
    };
    const locate = firstCredentials([locator("one", "a"), locator("two", "b"), locator("three", "b")]);

    expect(await locate("b")).toEqual({ kind: "identity_token", token: "two" });
    expect(asked).toEqual(["one", "two"]);
    expect(await locate("c")).toBeUndefined();
  });
});
