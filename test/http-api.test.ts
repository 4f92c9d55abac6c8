import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Command } from "../src/core/operation.ts";
import { containerCommandRoutes, nodeCommandRoutes } from "../src/http/api/routes.ts";
import { Container, Operation, Problem } from "../src/http/api/schemas.ts";
import { containerOf, type HttpBed, openHttpBed } from "./http-bed.ts";

const api = "/api/v1";
const web = `${api}/containers/web`;

let bed: HttpBed;
beforeAll(async () => {
  bed = await openHttpBed({ nodes: ["nas", "pi"] });
});
afterAll(() => bed?.[Symbol.asyncDispose]());
beforeEach(() => {
  for (const node of bed.nodes) node.act = () => Promise.resolve({ state: "done", message: "It is done." });
});

/** Both engines have the containers of the same names: this one is only on one. */
function nas() {
  const [node] = bed.nodes;
  if (node === undefined) throw new Error("there is no node");
  if (node.inventory.get("solo") === undefined) {
    const labels = { "gangway.release-url": "https://example.org/notes" };
    node.inventory.putContainer(containerOf("solo", { labels }));
  }
  return node;
}

describe("containers", () => {
  it("are all there, with all that is known of them", async () => {
    nas().inventory.setMetrics("web", { ...emptyMetrics, cpuPercent: 12.5, memoryBytes: 1024 });
    const { json } = await bed.get(`${api}/containers?node=nas`);
    const { containers } = z.object({ containers: z.array(Container) }).parse(json);

    expect(containers.map(({ name }) => name)).toEqual(["db", "off", "solo", "web"]);
    expect(containers[3]).toMatchObject({
      node: "nas",
      state: "running",
      update: { available: true, status: "update_available", latest_version: "1 (bbbbbbbbbbbb)" },
      auto_update: { on: false, label: null },
      progress: null,
      metrics: { cpu_percent: 12.5, memory_bytes: 1024, pids: null },
    });
    expect(containers[2]).toMatchObject({ update: { release_url: "https://example.org/notes", latest_since: null } });
    expect(containers[1]).toMatchObject({
      state: "exited",
      exit_code: 137,
      update: { available: false, status: null },
    });
  });

  it("are found by name on the only engine that has it, else by engine and name", async () => {
    nas();

    expect((await bed.get(`${api}/containers/solo`)).json).toMatchObject({ node: "nas", name: "solo" });
    const answer = await bed.get(web);
    expect([answer.status, Problem.parse(answer.json)]).toMatchObject([
      409,
      { error: "ambiguous_container", detail: expect.stringContaining("(nas, pi)") as unknown },
    ]);
    expect((await bed.get(`${web}?node=pi`)).json).toMatchObject({ node: "pi" });
    expect((await bed.get(`${api}/containers/nope`)).json).toMatchObject({ error: "container_not_found" });
    expect((await bed.get(`${web}?node=attic`)).json).toMatchObject({ error: "node_not_found" });
  });
});

describe("commands", () => {
  it.each([
    ["update", undefined, { kind: "update", container: "web" }],
    ["update", { dry_run: true }, { kind: "update", container: "web", dryRun: true }],
    ["recreate", { dry_run: false }, { kind: "recreate", container: "web" }],
    ["rollback", {}, { kind: "rollback", container: "web" }],
    ["start", undefined, { kind: "start", container: "web" }],
    ["stop", undefined, { kind: "stop", container: "web" }],
    ["restart", undefined, { kind: "restart", container: "web" }],
    ["backup", undefined, { kind: "backup", container: "web" }],
    ["pause", undefined, { kind: "pause", container: "web" }],
    ["unpause", undefined, { kind: "unpause", container: "web" }],
    ["check", undefined, { kind: "check", container: "web" }],
    ["auto_update", { on: true }, { kind: "auto_update", container: "web", on: true }],
  ])("for a container are those of the topics: %s with %j", async (command, body, expected) => {
    const heard: unknown[] = [];
    nas().act = (submitted) => {
      heard.push(submitted);
      return Promise.resolve({ state: "done", message: "" });
    };
    const answer = await bed.post(`${web}/${command}?node=nas&wait=5`, body);

    expect([answer.status, Operation.parse(answer.json)]).toMatchObject([
      200,
      { ok: true, state: "done", ended: true },
    ]);
    expect(heard).toEqual([expected]);
  });

  it("are all tried above", () => {
    expect(Object.keys(containerCommandRoutes)).toHaveLength(11);
    expect(Object.keys(nodeCommandRoutes)).toHaveLength(6);
  });

  it("prune when they are posted, and only look when they are got", async () => {
    const heard: Command[] = [];
    nas().act = (submitted) => {
      heard.push(submitted);
      const removed = [
        { id: "data", name: "data", bytes: 5, verdict: "remove", reason: "no container uses it" },
      ] as const;
      const kept = [{ id: "db", name: "db", bytes: null, verdict: "in_use", reason: "db uses it" }] as const;
      const preview = submitted.kind === "prune" && submitted.dryRun === true;
      return Promise.resolve({
        state: "done",
        message: "It is done.",
        prune: { what: "volumes", preview, removed, kept, reclaimedBytes: 5 },
      });
    };
    const wish = { what: "volumes", all: true, older_than: "30d" };
    const preview = await bed.get(`${api}/prune?node=nas&what=volumes&all=true&older_than=30d`);
    const pruned = await bed.post(`${api}/prune?node=nas&wait=5`, wish);
    const plain = await bed.post(`${api}/prune?node=nas&wait=5`);
    const wrong = [
      await bed.get(`${api}/prune?older_than=soon`),
      await bed.get(`${api}/prune?what=everything`),
      await bed.post(`${api}/prune`, { older_than: "1y" }),
    ];

    const command = { kind: "prune", what: "volumes", all: true, olderThanMs: 2_592_000_000 };
    expect(heard).toEqual([{ ...command, dryRun: true }, command, { kind: "prune", what: "images" }]);
    expect([preview.status, pruned.status, plain.status]).toEqual([200, 200, 200]);
    expect(preview.json).toMatchObject({
      operations: [
        {
          prune: {
            preview: true,
            reclaimed_bytes: 5,
            removed: [{ id: "data", bytes: 5 }],
            kept: [{ id: "db", in_use: true, reason: "db uses it" }],
          },
        },
      ],
    });
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 400]);
  });

  it("for all go to every engine, or to one", async () => {
    const heard: unknown[] = [];
    for (const node of bed.nodes) {
      node.act = (submitted) => {
        heard.push([node.name, submitted]);
        return Promise.resolve({ state: "done", message: "" });
      };
    }
    const both = await bed.post(`${api}/commands/check?wait=5s`);
    const one = await bed.post(`${api}/commands/update_all?node=pi&wait=5s`, { image: "nginx:*", dry_run: true });

    expect(both.json).toMatchObject({
      operations: [
        { node: "nas", ok: true },
        { node: "pi", ok: true },
      ],
    });
    expect(one.json).toMatchObject({ operations: [{ node: "pi", command: "update_all" }] });
    expect(heard).toEqual([
      ["nas", { kind: "check" }],
      ["pi", { kind: "check" }],
      ["pi", { kind: "update_all", image: "nginx:*", dryRun: true }],
    ]);
  });

  it("end with their failure, and nobody sees the log of a candidate, which can hold secrets", async () => {
    nas().act = () =>
      Promise.resolve({ state: "rolled_back", message: "It was bad.", log: "PASSWORD=1", from: "1", to: "2" });
    const answer = await bed.post(`${web}/update?node=nas&wait=5`);

    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ ok: false, state: "rolled_back", message: "It was bad.", from: "1", to: "2" });
    expect(answer.text).not.toContain("PASSWORD");
    expect((await bed.get(`${api}/history`)).text).not.toContain("PASSWORD");
  });

  it.each([
    ["an unknown member", "update", { dry: true }, "body"],
    ["a wrong type", "update", { dry_run: "yes" }, "body"],
    ["no switch", "auto_update", {}, "body"],
    ["a list", "update", [], "body"],
    ["a text", "update", "update", "body"],
    ["null", "update", null, undefined],
    ["a long id", "update", { id: "x".repeat(65) }, "body"],
    ["a wait that is none", "update?wait=soon", {}, "query"],
  ])("change nothing where they make no sense: %s", async (_, command, body, where) => {
    nas().act = () => expect.unreachable();
    const separator = command.includes("?") ? "&" : "?";
    const answer = await bed.post(`${web}/${command}${separator}node=nas`, body);
    if (where === undefined) return;

    expect(answer.status).toBe(400);
    expect(Problem.parse(answer.json)).toMatchObject({ error: "invalid_request", errors: [{ in: where }] });
  });

  it.each([
    ["no JSON", "{", "application/json", 400, "invalid_request"],
    ["a prototype", '{"__proto__": {"dry_run": true}}', "application/json", 400, "invalid_request"],
    ["a form", "dry_run=true", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
    ["plain text", "{}", "text/plain", 415, "unsupported_media_type"],
    ["too much", `{"id": "${"x".repeat(300_000)}"}`, "application/json", 413, "too_large"],
  ])("change nothing where their body cannot be read: %s", async (_, body, type, status, error) => {
    nas().act = () => expect.unreachable();
    const answer = await bed.get(`${web}/update?node=nas`, { method: "POST", body, headers: { "content-type": type } });

    expect([answer.status, Problem.parse(answer.json).error]).toEqual([status, error]);
  });

  it("take an empty body with a content type, as many programs send it", async () => {
    const headers = { "content-type": "application/json", "content-length": "0" };

    expect((await bed.get(`${web}/check?node=nas`, { method: "POST", headers })).status).toBe(202);
  });
});

describe("operations", () => {
  it("are accepted at once, and can be waited for, and looked up later", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    nas().act = async (_command, { report }) => {
      report({ phase: "pulling", percent: 40 });
      await promise;
      return { state: "updated", message: "It is new.", from: "1", to: "2" };
    };
    const accepted = await bed.post(`${web}/update?node=nas`, { id: "my/own id" });
    const location = String(accepted.headers["location"]);
    expect(accepted.status).toBe(202);
    expect(location).toBe(`${api}/operations/my%2Fown%20id`);
    expect(accepted.json).toMatchObject({ id: "my/own id", ended: false, ok: null });

    expect((await bed.get(location)).json).toMatchObject({ state: "running", phase: "pulling", percent: 40 });
    expect((await bed.get(`${api}/operations?node=nas`)).json).toMatchObject({ operations: [{ id: "my/own id" }] });
    const short = await bed.get(`${location}?wait=0`);
    expect(short.json).toMatchObject({ ended: false });
    const waiting = bed.get(`${location}?wait=30s`);
    const twin = bed.post(`${web}/update?node=nas&wait=30`, { id: "twin" });
    await expect.poll(() => nas().operations.pending()[0]?.joined).toEqual(["twin"]);
    resolve();

    expect((await waiting).json).toMatchObject({ id: "my/own id", state: "updated", ok: true, phase: "idle" });
    expect((await twin).json).toMatchObject({ id: "twin", state: "updated" });
    expect((await bed.get(location)).json).toMatchObject({ state: "updated", to: "2" });
    expect((await bed.get(`${api}/operations/twin`)).json).toMatchObject({ id: "twin", state: "updated" });
    expect((await bed.get(`${api}/operations/none`)).json).toMatchObject({ error: "operation_not_found" });
  });

  it("that wait can be cancelled, those that run cannot", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    nas().act = async () => {
      await promise;
      return { state: "done", message: "" };
    };
    await bed.post(`${web}/restart?node=nas`, { id: "runs" });
    await bed.post(`${web}/stop?node=nas`, { id: "waits" });
    await expect.poll(() => nas().operations.pending()[0]?.state).toBe("running");
    const cancel = (id: string) => bed.get(`${api}/operations/${id}`, { method: "DELETE" });

    expect((await cancel("waits")).json).toMatchObject({ id: "waits", state: "cancelled", ended: true, ok: false });
    expect((await cancel("waits")).json).toMatchObject({ status: 409, error: "operation_ended" });
    expect((await cancel("runs")).json).toMatchObject({ status: 409, error: "operation_running" });
    expect((await cancel("none")).json).toMatchObject({ status: 404, error: "operation_not_found" });
    resolve();
    expect((await bed.get(`${api}/operations/runs?wait=5`)).json).toMatchObject({ state: "done" });
  });
});

describe("the history", () => {
  it("comes newest first, page by page, and by what is asked for", async () => {
    for (const id of ["h1", "h2", "h3", "h4", "h5"]) {
      await bed.post(`${web}/${id === "h3" ? "stop" : "start"}?node=pi&wait=5`, { id });
    }
    const ids = async (query: string): Promise<readonly [readonly string[], unknown]> => {
      const { json } = await bed.get(`${api}/history?node=pi&${query}`);
      const page = z.object({ operations: z.array(Operation), next: z.string().nullable() }).parse(json);
      return [page.operations.map(({ id }) => id), page.next];
    };

    expect(await ids("limit=2&command=start")).toEqual([["h5", "h4"], "h4"]);
    expect(await ids("limit=2&command=start&before=h4")).toEqual([["h2", "h1"], null]);
    expect(await ids("command=stop")).toEqual([["h3"], null]);
    expect(await ids("container=nope")).toEqual([[], null]);
    expect((await bed.get(`${api}/history?before=gone`)).json).toMatchObject({ error: "operation_not_found" });
    expect((await bed.get(`${api}/history?limit=501`)).json).toMatchObject({
      errors: [{ in: "query", name: "limit" }],
    });
  });
});

describe("routes that there are not", () => {
  it.each([
    ["GET", `${api}/nothing`, 404, undefined],
    ["GET", `${api}/containers/`, 400, undefined],
    ["GET", `${api}/containers/a/b/c`, 404, undefined],
    ["GET", api, 404, undefined],
    ["POST", `${api}/containers`, 405, "GET, HEAD"],
    ["PUT", web, 405, "GET, HEAD"],
    ["GET", `${web}/update`, 405, "POST"],
    ["POST", `${web}/explode`, 404, undefined],
    ["POST", `${api}/operations/x`, 405, "GET, HEAD, DELETE"],
    ["HEAD", `${api}/events`, 405, "GET"],
    ["PUT", `${api}/settings`, 405, "GET, HEAD, PATCH"],
    ["GET", `${api}/containers/..%2f..%2fhealthz`, 404, undefined],
    ["GET", `${api}/../../healthz`, 404, undefined],
  ])("%s %s is %s", async (method, path, status, allow) => {
    const body =
      method === "POST" || method === "PUT" ? { body: "{", headers: { "content-type": "application/json" } } : {};
    const answer = await bed.get(path, { method, ...body });

    expect([answer.status, answer.headers["allow"]]).toEqual([status, allow]);
  });

  it("and failures of our own show nothing of the program", async () => {
    const node = nas();
    const { inventory } = node;
    const broken = {
      ...inventory,
      all: () => {
        throw new Error("secret detail");
      },
    };
    Object.assign(node, { inventory: broken });
    const answer = await bed.get(`${api}/containers`);
    Object.assign(node, { inventory });

    expect([answer.status, Problem.parse(answer.json).error]).toEqual([500, "internal_error"]);
    expect(answer.text).not.toContain("secret");
    expect(bed.log().at(-2)).toMatchObject({ msg: "an HTTP request failed", err: { message: "secret detail" } });
  });
});

const emptyMetrics = {
  ...{ cpuPercent: null, memoryBytes: null, memoryPercent: null, memoryLimitBytes: null, netRxBytes: null },
  ...{ netTxBytes: null, netRxRate: null, netTxRate: null, blockReadBytes: null, blockWriteBytes: null },
  ...{ memoryUsageBytes: null, blockReadRate: null, blockWriteRate: null, pids: null },
};
