import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type HttpBed, type HttpBedOptions, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open = async (http: string, more: Omit<HttpBedOptions, "http"> = {}): Promise<void> => {
  bed = await openHttpBed({ http, ...more });
};
afterEach(() => bed?.[Symbol.asyncDispose]());

const web = "/api/v1/containers/web";
const key = "the-key-for-everything";
const logged = (text: string) => bed.log().filter(({ msg }) => String(msg).includes(text));

describe("the source address", () => {
  it.each([
    // [allowed_ips, trusted_proxies, from, X-Forwarded-For, let in, the address that the log names]
    ["127.0.0.0/8", "", "127.0.0.1", undefined, true, ""],
    ["127.0.0.1", "", "127.0.0.2", undefined, false, "127.0.0.2"],
    ["10.0.0.0/8", "", "127.0.0.1", undefined, false, "127.0.0.1"],
    // Nobody is believed who was not named.
    ["10.0.0.0/8", "", "127.0.0.1", "10.0.0.7", false, "127.0.0.1"],
    ["127.0.0.1", "", "127.0.0.1", "203.0.113.9", true, ""],
    ["10.0.0.0/8", "127.0.0.1", "127.0.0.1", "10.0.0.7", true, ""],
    ["10.0.0.0/8", "127.0.0.1", "127.0.0.2", "10.0.0.7", false, "127.0.0.2"],
    // From right to left, and only through proxies that are trusted: what the client itself has written does not count.
    ["10.0.0.0/8", "127.0.0.1", "127.0.0.1", "10.0.0.7, 203.0.113.9", false, "203.0.113.9"],
    ["10.0.0.0/8", "127.0.0.1,192.0.2.1", "127.0.0.1", "203.0.113.9, 10.0.0.7, 192.0.2.1", true, ""],
    ["10.0.0.0/8", "127.0.0.1", "127.0.0.1", "::ffff:10.0.0.7", true, ""],
    ["10.0.0.0/8", "127.0.0.1", "127.0.0.1", "10.0.0.7:4711", true, ""],
    ["2001:db8::/32", "127.0.0.1", "127.0.0.1", "[2001:DB8::7]:443", true, ""],
    ["0.0.0.0/0", "127.0.0.1", "127.0.0.1", "2001:db8::7", false, "2001:db8::7"],
    ["0.0.0.0/0", "127.0.0.1", "127.0.0.1", "unknown", false, "unknown"],
    ["127.0.0.1,10.0.0.0/8", "127.0.0.1", "127.0.0.1", "10.0.0.7, nonsense", false, "nonsense"],
    // A proxy that says nothing asks for itself.
    ["127.0.0.1", "127.0.0.1", "127.0.0.1", undefined, true, ""],
  ])(
    "allowed %s, trusted %s: from %s with %s is let in: %s",
    async (allowed, trusted, from, forwarded, isIn, named) => {
      await open(
        `{ enabled: true, auth: false, allowed_ips: [${allowed.split(",").map((a) => `"${a}"`)}], trusted_proxies: [${trusted}] }`,
      );
      const answer = await bed.get(web, {
        from,
        headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
      });

      expect(answer.status).toBe(isIn ? 200 : 403);
      if (isIn) return;
      expect(answer.json).toMatchObject({ error: "address_not_allowed", status: 403 });
      expect(logged("address is not allowed")).toMatchObject([{ address: named, setting: "http.allowed_ips" }]);
    },
  );

  it("is seen through IPv6, whatever the server listens on", async () => {
    await open('{ listen: "[::]:0", enabled: true, auth: false, allowed_ips: [127.0.0.1] }');
    const { port } = new URL(bed.origin);

    expect((await bed.get(web, { origin: `http://127.0.0.1:${port}`, from: "127.0.0.1" })).status).toBe(200);
    expect((await bed.get(web, { origin: `http://127.0.0.1:${port}`, from: "127.0.0.2" })).status).toBe(403);
    expect((await bed.get(web, { origin: `http://[::1]:${port}` })).status).toBe(403);
    expect(logged("address is not allowed").map(({ address }) => address)).toEqual(["127.0.0.2", "::1"]);
  });

  it("comes before everything else, on every route, but for health", async () => {
    await open("{ allowed_ips: [10.0.0.1] }");
    for (const path of ["/", "/nothing", "/metrics", web, "/api/v1/settings", "/api/v1/nothing", "/api/v1/events"]) {
      for (const method of ["GET", "POST", "OPTIONS", "DELETE"]) {
        const answer = await bed.get(path, { method, headers: { "x-api-key": "wrong" } });
        // The profile at the root has a page for it.
        const isOwn = path.startsWith("/api/") || (path === "/metrics" && method === "GET");
        const word = isOwn ? "address_not_allowed" : undefined;
        expect([path, method, answer.status, answer.json?.["error"]]).toEqual([path, method, 403, word]);
      }
    }
    expect((await bed.get("/healthz")).status).toBe(200);
    expect((await bed.get("/readyz?x=y")).status).toBe(200);
    // Once a minute for each address: the log stays readable.
    expect(logged("address is not allowed")).toHaveLength(1);
  });
});

describe("the API that is off", () => {
  it("says so before it asks for a key, on every route but health and settings", async () => {
    await open(`{ api_key: ${key} }`);
    for (const path of ["/", "/nothing", "/metrics", web, "/api/v1/nothing"]) {
      const answer = await bed.get(path);
      expect([path, answer.status, answer.json?.["error"]]).toEqual([path, 403, "api_disabled"]);
    }
    expect((await bed.get("/healthz")).status).toBe(200);
    expect((await bed.get("/api/v1/settings")).status).toBe(401);
    expect((await bed.get("/api/v1/settings", { headers: { "x-api-key": key } })).status).toBe(200);
  });

  it("is turned on by its settings, and stays on", async () => {
    await open(`{ api_key: ${key} }`);
    const headers = { "x-api-key": key };
    const answer = await bed.post("/api/v1/settings", { enabled: true }, { method: "PATCH", headers });

    expect(answer.json).toMatchObject({ enabled: true, saved: ["enabled"], api_key: "********" });
    expect((await bed.get(web, { headers })).status).toBe(200);
    expect(JSON.parse(await readFile(join(bed.directory, "settings.json"), "utf8"))).toEqual({
      schema: 1,
      api_enabled: true,
    });
  });
});

describe("keys", () => {
  const http = `{ enabled: true, api_key: ${key}, keys: [
    { name: look, key: key-to-look, scopes: [read] },
    { name: act, key: key-to-act, scopes: [control] },
    { name: rule, key: key-to-rule, scopes: [read, admin] },
    { name: shed, key: key-of-the-shed, scopes: [control], allowed_ips: [127.0.0.7] } ] }`;

  it.each([
    ["X-API-Key", { "x-api-key": key }, ""],
    ["Authorization: Bearer", { authorization: `Bearer ${key}` }, ""],
    ["authorization in lower case", { authorization: `bearer ${key}` }, ""],
    ["?key=", {}, `?key=${key}`],
    ["?key= percent-encoded", {}, `?key=${key.replaceAll("-", "%2D")}&node=nas`],
  ])("are taken as %s", async (_, headers, query) => {
    await open(http);

    expect((await bed.get(web + query, { headers })).status).toBe(200);
  });

  it.each([
    ["nothing", {}, ""],
    ["an empty header", { "x-api-key": "" }, ""],
    ["an empty parameter", {}, "?key="],
    ["Basic", { authorization: `Basic ${btoa(`me:${key}`)}` }, ""],
    ["a wrong header beside a right parameter", { "x-api-key": "wrong" }, `?key=${key}`],
    ["two parameters", {}, `?key=${key}&key=${key}`],
    ["the beginning of the key", { "x-api-key": key.slice(0, -1) }, ""],
    ["the key in capitals", { "x-api-key": key.toUpperCase() }, ""],
    ["a member of every object", { "x-api-key": "constructor" }, ""],
  ])("are wanted: %s is 401", async (_, headers, query) => {
    await open(http);
    const answer = await bed.get(web + query, { headers });

    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="gangway"']);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json).toMatchObject({ error: "unauthorized", status: 401, title: "Unauthorized" });
  });

  it("are wanted for the metrics, for what there is not, and for settings", async () => {
    await open(http);
    for (const path of ["/metrics", "/nothing", "/api/v1/nothing", "/api/v1/settings", "/api/v1/events"]) {
      expect([path, (await bed.get(path)).status]).toEqual([path, 401]);
    }
  });

  it.each([
    ["key-to-look", [200, 403, 403]],
    ["key-to-act", [200, 202, 403]],
    ["key-to-rule", [200, 202, 200]],
    [key, [200, 202, 200]],
  ])("reach as far as their scopes: %s", async (shown, statuses) => {
    await open(http);
    const headers = { "x-api-key": shown };
    const answers = [
      await bed.get(web, { headers }),
      await bed.post(`${web}/check`, undefined, { headers }),
      await bed.get("/api/v1/settings", { headers }),
    ];

    expect(answers.map(({ status }) => status)).toEqual(statuses);
    const refused = answers.find(({ status }) => status === 403);
    if (refused !== undefined) expect(refused.json).toMatchObject({ error: "scope_missing" });
  });

  it("may come from certain addresses only", async () => {
    await open(http);
    const headers = { "x-api-key": "key-of-the-shed" };

    expect((await bed.get(web, { headers, from: "127.0.0.7" })).status).toBe(200);
    expect((await bed.get(web, { headers, from: "127.0.0.8" })).json).toMatchObject({ error: "address_not_allowed" });
    expect(logged("address is not allowed")).toMatchObject([
      { address: "127.0.0.8", setting: "http.keys (shed).allowed_ips" },
    ]);
  });

  it("never stand in the log, right or wrong, and who used them does", async () => {
    await open(http);
    await bed.post(`${web}/check?key=key-to-act`);
    await bed.get(`${web}?key=key-to-look`);
    await bed.get(web, { headers: { "x-api-key": "a-wrong-key" } });
    const text = JSON.stringify(bed.log());

    expect(text).not.toMatch(/key-to-|a-wrong-key|the-key-for/);
    expect(bed.log().filter(({ msg }) => msg === "HTTP request")).toMatchObject([
      { level: 30, method: "POST", path: `${web}/check`, status: 202, address: "127.0.0.1", key: "act" },
      { level: 20, method: "GET", path: web, status: 200, key: "look" },
      { level: 20, status: 401, key: null },
    ]);
    expect(logged("wrong key")).toMatchObject([{ address: "127.0.0.1" }]);
  });

  it("that are wrong wait longer and longer for their answer, and right ones never", async () => {
    await open(http);
    const took = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const started = performance.now();
      await bed.get(web, { headers });
      return performance.now() - started;
    };
    const wrong = { "x-api-key": "wrong" };
    await took(wrong);
    await took(wrong);

    expect(await took(wrong)).toBeGreaterThan(240);
    const last = await took(wrong);
    expect(last).toBeGreaterThan(490);
    // On a machine that is busy with other things, too.
    expect(await took({ "x-api-key": key })).toBeLessThan(last);
  });

  it("are not even looked at while too many wrong ones wait", async () => {
    await open(http);
    const wrong = { headers: { "x-api-key": "wrong" } };
    for (let index = 0; index < 3; index += 1) await bed.get(web, wrong);
    const guesses = await Promise.all(Array.from({ length: 20 }, () => bed.get(web, wrong)));
    const limited = guesses.filter(({ status }) => status === 429);

    expect(limited).toHaveLength(16);
    expect(limited[0]?.json).toMatchObject({ error: "too_many_failures" });
    expect(limited[0]?.headers["retry-after"]).toBe("5");
    // Others are not made to suffer for it.
    expect((await bed.get(web, { headers: { "x-api-key": key }, from: "127.0.0.9" })).status).toBe(200);
  });

  it("that are wrong count at once: many in one piece on one connection are no way around", async () => {
    await open(http);
    const guess = `GET ${web} HTTP/1.1\r\nHost: x\r\nX-API-Key: wrong\r\n\r\n`;
    const socket = connect(Number(new URL(bed.origin).port), "127.0.0.1");
    let answers = "";
    socket.on("data", (chunk) => {
      answers += String(chunk);
    });
    socket.write(guess.repeat(20));
    const statuses = () => [...answers.matchAll(/HTTP\/1\.1 (?<status>\d+)/g)].map(({ groups }) => groups?.["status"]);
    await expect.poll(() => statuses().length, { timeout: 20_000 }).toBe(20);
    socket.destroy();

    // Two are free, and four may wait.
    expect(statuses()).toEqual([...Array<string>(6).fill("401"), ...Array<string>(14).fill("429")]);
  });
});

describe("a page of another site", () => {
  const foreign = { origin: "https://evil.example" };

  it("changes nothing, though its visitor may", async () => {
    await open("{ enabled: true, auth: false, cors: [https://dash.example] }");
    const stop = `${web}/stop`;
    const own = { origin: bed.origin };

    expect((await bed.post(stop, undefined, { headers: foreign })).json).toMatchObject({ error: "foreign_page" });
    expect((await bed.post(stop, undefined, { headers: { origin: "null" } })).status).toBe(403);
    expect((await bed.post(stop, undefined, { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    expect(bed.nodes[0]?.operations.pending()).toEqual([]);
    expect((await bed.post(stop, undefined, { headers: own })).status).toBe(202);
    expect((await bed.post(stop, undefined, { headers: { ...foreign, "sec-fetch-site": "same-origin" } })).status).toBe(
      202,
    );
    expect((await bed.post(stop, undefined, { headers: { origin: "https://dash.example" } })).status).toBe(202);
    expect((await bed.post(stop)).status).toBe(202);
  });

  it("changes nothing where its own name leads here and no key is asked for", async () => {
    const rebound = { host: "evil.example", origin: "http://evil.example", "sec-fetch-site": "same-origin" };
    await open("{ enabled: true, auth: false }");

    expect((await bed.post(`${web}/stop`, undefined, { headers: rebound })).json?.["error"]).toBe("foreign_page");
  });

  it("reads nothing, unless it is allowed", async () => {
    await open(`{ enabled: true, api_key: ${key}, cors: [https://dash.example] }`);
    const dash = { origin: "https://dash.example" };
    const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "x-api-key" };
    const asked = await bed.get(`${web}/stop`, { method: "OPTIONS", headers: { ...dash, ...preflight } });
    const refused = await bed.get(`${web}/stop`, { method: "OPTIONS", headers: { ...foreign, ...preflight } });

    expect(asked.status).toBe(204);
    expect(asked.headers).toMatchObject({
      "access-control-allow-origin": "https://dash.example",
      "access-control-allow-headers": expect.stringContaining("x-api-key") as unknown,
      "access-control-allow-methods": expect.stringContaining("POST") as unknown,
      vary: "origin",
    });
    expect(refused.headers["access-control-allow-origin"]).toBeUndefined();
    const answers = [await bed.get(web, { headers: dash }), await bed.get(`${web}?key=${key}`, { headers: dash })];
    expect(answers.map(({ status }) => status)).toEqual([401, 200]);
    for (const { headers } of answers) expect(headers["access-control-allow-origin"]).toBe("https://dash.example");
    const other = await bed.get(`${web}?key=${key}`, { headers: foreign });
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
  });
});
