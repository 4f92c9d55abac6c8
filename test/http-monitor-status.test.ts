import { afterEach, describe, expect, it } from "vitest";
import { noMetrics } from "../src/core/metrics.ts";
import type { Command } from "../src/core/operation.ts";
import type { UpdateStatus } from "../src/core/update-status.ts";
import { containerOf, type DataNode, digests, type HttpBed, type HttpBedOptions, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open = async (more: HttpBedOptions = {}): Promise<DataNode> => {
  bed = await openHttpBed({ http: "{ enabled: true, auth: false }", ...more });
  return node();
};
afterEach(() => bed?.[Symbol.asyncDispose]());

function node(index = 0): DataNode {
  const found = bed.nodes[index];
  if (found === undefined) throw new Error("there is no such node");
  return found;
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const figures = {
  ...{ ...noMetrics, cpuPercent: 4, memoryBytes: 40_000_000, memoryUsageBytes: 52_428_800 },
  ...{ memoryLimitBytes: 8_589_934_592, netRxBytes: 1_234_567, netTxBytes: 7_654_321 },
  ...{ blockReadBytes: 4_096, blockWriteBytes: 8_192 },
};
const zeros = '"mem_limit":0,"mem_perc":null,"mem_usage":0,"net_rx":0,"net_tx":0';
const nulls = '"mem_limit":null,"mem_perc":null,"mem_usage":null,"net_rx":null,"net_tx":null';

describe("/status", () => {
  it("tells figures and update status of all containers, in the original's form", async () => {
    const { inventory } = await open();
    inventory.setMetrics("db", figures);
    inventory.setMetrics("off", noMetrics);
    // A container in the host's network has no interfaces of its own, and one that reads nothing no devices.
    inventory.setMetrics("web", { ...noMetrics, cpuPercent: 0, memoryUsageBytes: 100, memoryLimitBytes: 0 });
    inventory.putContainer(containerOf("byid", { image: digests.old }));
    const { status, text } = await bed.get("/status");

    expect(status).toBe(200);
    expect(text).toBe(
      `{"meta":{"byid":{"blk_read":null,"blk_write":null,"cpu":null,"image":null,${nulls},"state":"running"},` +
        '"db":{"blk_read":4096,"blk_write":8192,"cpu":4,"image":"registry.example/db:1","mem_limit":8589934592,' +
        '"mem_perc":0.6103515625,"mem_usage":52428800,"net_rx":1234567,"net_tx":7654321,"state":"running"},' +
        `"off":{"blk_read":0,"blk_write":0,"cpu":null,"image":"registry.example/off:1",${zeros},"state":"exited"},` +
        '"web":{"blk_read":0,"blk_write":0,"cpu":0,"image":"registry.example/web:1","mem_limit":0,"mem_perc":null,' +
        '"mem_usage":100,"net_rx":0,"net_tx":0,"state":"running"}},' +
        '"status":"ok","updates":{"byid":"registry_error","db":"up_to_date","off":"registry_error","web":"update_available"}}\n',
    );
  });

  it.each(["1", "true", "yes", "YES"])("leaves the figures out with light=%s", async (light) => {
    await open();

    expect((await bed.get(`/status?light=${light}`)).json?.["meta"]).toEqual({
      db: { image: "registry.example/db:1", state: "running" },
      off: { image: "registry.example/off:1", state: "exited" },
      web: { image: "registry.example/web:1", state: "running" },
    });
  });

  it.each<[UpdateStatus, string]>([
    ["up_to_date", "up_to_date"],
    ["update_available", "update_available"],
    ["unknown_image", "unknown_image"],
    ["unknown_local_digest", "unknown_local_digest"],
    ["registry_error", "registry_error"],
    ["pinned", "unknown_image"],
  ])("has a word for %s", async (status, word) => {
    const { inventory } = await open();
    const check = inventory.get("web")?.check;
    // The last certain answer was another one: what is told is how the last check ended.
    if (check !== undefined) inventory.setCheck("web", { ...check, status, verdict: "update_available" });

    expect((await bed.get("/status")).json?.["updates"]).toMatchObject({ web: word });
  });

  it("tells the containers of further engines with their engine", async () => {
    await open({ nodes: ["nas", "pi"] });

    expect(Object.keys((await bed.get("/status")).json?.["updates"] ?? {})).toEqual([
      ...["db", "db@pi", "off", "off@pi", "web", "web@pi"],
    ]);
    expect((await bed.get("/status/web@pi")).json?.["updates"]).toEqual({ "web@pi": "update_available" });
    node(0).inventory.setEngine(undefined);
    expect(Object.keys((await bed.get("/status")).json?.["updates"] ?? {})).toEqual(["db@pi", "off@pi", "web@pi"]);
  });

  it("is a page with an error while the engine is away", async () => {
    const { inventory } = await open();
    inventory.setEngine(undefined);
    const answer = await bed.get("/status");

    expect([answer.status, answer.headers["content-type"]]).toEqual([500, "text/html; charset=utf-8"]);
    // It is nothing that has gone wrong in Gangway.
    expect(bed.log().filter(({ msg }) => msg === "an HTTP request failed")).toEqual([]);
  });
});

describe("force=1", () => {
  /** What was asked of the registries. */
  const asked = (): readonly Command[] => {
    const commands: Command[] = [];
    node().act = (command) => {
      commands.push(command);
      return Promise.resolve({ state: "done", message: "Looked." });
    };
    return commands;
  };

  it.each([
    ["never", undefined, 1],
    ["two hours ago", 7_200_000, 1],
    ["55 minutes ago", 3_300_000, 0],
  ])("has all asked about that were asked about %s", async (_, age, times) => {
    await open();
    const commands = asked();
    if (age !== undefined) node().inventory.setCheckTimes({ lastCheck: ago(age) });
    await bed.get("/status?force=1");

    await expect.poll(() => commands.length).toBe(times);
    if (times > 0) expect(commands).toEqual([{ kind: "check" }]);
  });

  it("asks once, however often it comes", async () => {
    await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    let checks = 0;
    node().act = async () => {
      checks += 1;
      await promise;
      node().inventory.setCheckTimes({ lastCheck: ago(0) });
      return { state: "done", message: "Looked." };
    };
    for (let poll = 0; poll < 5; poll += 1) expect((await bed.get("/status?force=1")).status).toBe(200);
    resolve();
    await expect.poll(() => node().operations.pending()).toEqual([]);
    for (let poll = 0; poll < 5; poll += 1) await bed.get("/status?force=1");

    expect(checks).toBe(1);
  });

  it("waits for the answer about one container, and begins nothing without it", async () => {
    const { inventory } = await open();
    const commands = asked();
    const { act } = node();
    node().act = async (command, ...rest) => {
      const check = inventory.get("web")?.check;
      if (check !== undefined) inventory.setCheck("web", { ...check, status: "registry_error", checkedAt: ago(0) });
      return await act(command, ...rest);
    };
    await bed.get("/status/web");
    expect(commands).toEqual([]);

    expect((await bed.get("/status/web?force=true")).json?.["updates"]).toEqual({ web: "registry_error" });
    await bed.get("/status/web?force=1");
    expect(commands).toEqual([{ kind: "check", container: "web" }]);
  });
});

describe("/status/<name> and /metrics/<name>", () => {
  it.each(["web", "web000", "w3b"])("find a container as %s", async (wanted) => {
    const { inventory } = await open();
    inventory.putContainer(containerOf("hex", { id: "abc123".padEnd(64, "0") }));
    const isThere = wanted === "web";

    expect((await bed.get(`/status/${wanted}?light=1`)).text).toBe(
      isThere
        ? '{"meta":{"web":{"image":"registry.example/web:1","state":"running"}},"status":"ok","updates":{"web":"update_available"}}\n'
        : `{"meta":{"${wanted}":{}},"status":"ok","updates":{"${wanted}":"not_found"}}\n`,
    );
    const metrics = await bed.get(`/metrics/${wanted}`);
    expect([metrics.status, metrics.text.slice(0, 20)]).toEqual(
      isThere ? [200, '{"meta":{"blk_read":'] : [404, '{"error":"not_found"}'.slice(0, 20)],
    );
  });

  it("find it by the beginning of its id, where that is the only one", async () => {
    const { inventory } = await open();
    inventory.putContainer(containerOf("one", { id: "abc1".padEnd(64, "0") }));
    inventory.putContainer(containerOf("two", { id: "abc2".padEnd(64, "0") }));

    expect((await bed.get("/status/abc1?light=1")).json?.["updates"]).toEqual({ one: "registry_error" });
    expect((await bed.get("/status/abc")).json?.["updates"]).toEqual({ abc: "not_found" });
    expect((await bed.get("/metrics/abc2")).json).toMatchObject({ meta: { state: "running" }, status: "ok" });
  });

  it.each(["__proto__", "constructor", "%2e%2e"])("find nothing under %s", async (name) => {
    await open();
    const called = decodeURIComponent(name);

    expect((await bed.get(`/status/${name}`)).text).toBe(
      `{"meta":{"${called}":{}},"status":"ok","updates":{"${called}":"not_found"}}\n`,
    );
  });

  it("say so while the engine is away", async () => {
    const { inventory } = await open();
    inventory.setEngine(undefined);

    for (const path of ["/status/web", "/status/nope", "/metrics/web", "/metrics/nope"]) {
      const { status, text } = await bed.get(path);
      expect([path, status, text]).toEqual([path, 500, '{"error":"the engine is not reachable","status":"error"}\n']);
    }
  });
});
