import { afterEach, describe, expect, it } from "vitest";
import { GangwayError } from "../src/lib/errors.ts";
import { type HttpBed, type HttpBedOptions, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open = async (http: string, more: Omit<HttpBedOptions, "http"> = {}): Promise<void> => {
  bed = await openHttpBed({ http, ...more });
};
afterEach(() => bed?.[Symbol.asyncDispose]());

const key = "the-key-for-everything";
const headers = { "x-api-key": key };

describe("the form of the answers", () => {
  it("is compact JSON with sorted keys and a newline", async () => {
    await open("{ enabled: true, auth: false }");
    const answer = await bed.get("/health");

    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
    expect(answer.text).toBe('{"containers":["db","off","web"],"ok":true}\n');
  });

  it.each([
    // [method, path, status, title, Allow]
    ["GET", "/nothing", 404, "404 Not Found", undefined],
    ["GET", "/static/app.js", 404, "404 Not Found", undefined],
    ["GET", "/status/a/b", 404, "404 Not Found", undefined],
    ["POST", "/diag", 405, "405 Method Not Allowed", "GET, HEAD, OPTIONS"],
    ["DELETE", "/settings", 405, "405 Method Not Allowed", "GET, HEAD, OPTIONS, POST"],
  ])("is a page where there is nothing for %s %s", async (method, path, status, title, allow) => {
    await open("{ enabled: true, auth: false }");
    const answer = await bed.get(path, { method });

    expect([answer.status, answer.headers["content-type"], answer.headers["allow"]]).toEqual([
      ...[status, "text/html; charset=utf-8", allow],
    ]);
    expect(answer.text).toMatch(new RegExp(`^<!doctype html>\\n<html lang=en>\\n<title>${title}</title>\\n<h1>`));
  });

  it("has a head and options for whatever can be read", async () => {
    await open("{ enabled: true, auth: false }");
    const [head, options] = [await bed.get("/diag", { method: "HEAD" }), await bed.get("/diag", { method: "OPTIONS" })];

    expect([head.status, head.text]).toEqual([200, ""]);
    expect([options.status, options.headers["allow"], options.text]).toEqual([200, "GET, HEAD, OPTIONS", ""]);
  });

  it("is the same below /compat, and only where that is asked for", async () => {
    await open("{ enabled: true, auth: false, compat: true }");
    await using plain = await openHttpBed({ http: "{ enabled: true, auth: false }" });

    for (const path of ["/compat/monitor", "/compat/monitor/"]) {
      expect((await bed.get(path)).json).toMatchObject({ status: "ok" });
    }
    expect((await bed.get("/compat/monitor/health")).text).toBe((await bed.get("/health")).text);
    expect((await bed.post("/compat/monitor/diag")).headers["allow"]).toBe("GET, HEAD, OPTIONS");
    expect((await bed.get("/compat/monitor/nothing")).status).toBe(404);
    expect((await plain.get("/compat/monitor/health")).status).toBe(404);
  });

  it("is all that a listener of its own serves, besides health", async () => {
    await open('{ enabled: true, auth: false, listeners: [{ listen: "127.0.0.1:0", profile: monitor }] }');
    const origin = bed.origins[1] ?? "";
    const statusOf = async (path: string): Promise<number> => (await bed.get(path, { origin })).status;

    expect(await Promise.all(["/health", "/healthz", "/api/v1/nodes", "/metrics"].map(statusOf))).toEqual([
      ...[200, 200, 404, 404],
    ]);
  });
});

describe("who may come in", () => {
  it("is asked in this order: address, API enabled, key", async () => {
    await open(`{ api_key: ${key}, allowed_ips: [127.0.0.1] }`);
    const address = await bed.get("/settings", { from: "127.0.0.2", headers });
    const disabled = await bed.get("/status");

    expect([address.status, address.headers["content-type"]]).toEqual([403, "text/html; charset=utf-8"]);
    expect(address.text).toContain("<title>403 Forbidden</title>");
    expect([disabled.status, disabled.text]).toEqual([403, '{"error":"api_disabled"}\n']);
    for (const path of ["/", "/diag", "/health", "/images/unused", "/nothing"]) {
      expect([path, (await bed.get(path, { headers })).json?.["error"]]).toEqual([path, "api_disabled"]);
    }
    expect((await bed.get("/settings")).status).toBe(401);
    expect((await bed.get("/settings", { headers })).status).toBe(200);
  });

  it("is said in the words of Docker Monitor Image, and the key may stand in the query", async () => {
    await open(`{ enabled: true, api_key: ${key} }`);

    expect((await bed.get("/diag")).text).toBe('{"error":"unauthorized","ok":false}\n');
    expect((await bed.get("/health?key=")).text).toBe('{"error":"unauthorized","ok":false}\n');
    expect((await bed.get("/settings")).text).toBe('{"error":"unauthorized"}\n');
    expect((await bed.get(`/health?key=${key}`)).status).toBe(200);
    expect((await bed.get("/")).status).toBe(200);
  });
});

describe("/", () => {
  it("says what there is", async () => {
    await open("{ enabled: true }");

    expect((await bed.get("/")).text).toBe(
      '{"endpoints":["/diag","/status","/metrics/<name>","/update_container","/images/unused","/images/prune","/settings"],' +
        '"message":"GUI disabled. API endpoints are available.","status":"ok"}\n',
    );
  });
});

describe("/diag and /health", () => {
  const list = (...names: readonly string[]) =>
    Promise.resolve(names.map((name) => ({ id: name, name, state: "running" as const, imageId: "" })));

  it("name all that the engine has, in its order, but for what is half done", async () => {
    await open("{ enabled: true, auth: false }", { nodes: ["nas", "pi"] });
    const [nas, pi] = bed.nodes;
    if (nas !== undefined) nas.list = () => list("web", "db", "web.gw-old-0123abcd", "excluded");
    if (pi !== undefined) pi.list = () => list("web");
    const expected = ["web", "db", "excluded", "web@pi"];

    expect((await bed.get("/health")).json).toEqual({ containers: expected, ok: true });
    expect((await bed.get("/diag")).json).toEqual({
      ...{ containers: expected, ok: true, ping: true },
      socket: { socket_exists: false },
    });
  });

  it("say what is wrong with the engine", async () => {
    await open("{ enabled: true, auth: false }");
    const [node] = bed.nodes;
    if (node !== undefined) node.list = () => Promise.reject(new GangwayError("engine_unreachable", "nobody there"));
    const [diag, health] = [await bed.get("/diag"), await bed.get("/health")];

    expect([diag.status, diag.text]).toEqual([500, '{"error":"ping failed: nobody there","ok":false}\n']);
    expect([health.status, health.text]).toEqual([500, '{"error":"nobody there","ok":false}\n']);
  });
});
