import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { addressSet } from "../src/lib/addresses.ts";
import { loaded } from "./configuration.ts";

const ComposeFile = z.object({
  services: z.object({
    gangway: z.object({
      ports: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()),
    }),
  }),
});

const text = readFileSync(join(import.meta.dirname, "..", "docker-compose.yml"), "utf8");
/** Settings and ports that are only written as comments, in force. */
const uncommented = text.replaceAll(/^( +)# (GANGWAY_\w+: |ports:$| {2}- \d+:\d+$)/gm, "$1$2");

describe("docker-compose.yml", () => {
  it("is a configuration as it is, with the HTTP API off and unpublished", () => {
    const { environment, ports } = ComposeFile.parse(parse(text)).services.gangway;

    expect(ports).toBeUndefined();
    expect(loaded({ environment }).http.enabled).toBe(false);
  });

  it("lets this machine, its containers and the home network in, where its examples are in force", () => {
    const { environment, ports } = ComposeFile.parse(parse(uncommented)).services.gangway;
    const { http } = loaded({ environment });
    const allowed = addressSet(http.allowedIps);

    expect([http.enabled, http.auth, ports]).toEqual([true, true, ["5000:5000"]]);
    // What test/long/http-addresses.test.ts finds a container to see; and its own health check.
    for (const address of ["172.17.0.1", "172.30.0.3", "192.168.1.7", "127.0.0.1"]) {
      expect([address, allowed.has(address)]).toEqual([address, true]);
    }
    expect(allowed.has("203.0.113.9")).toBe(false);
  });
});
