import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
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

describe("the key that Gangway makes", () => {
  it("is made where none is configured, kept for its owner's eyes only, and never logged", async () => {
    await open("{ enabled: true }");
    const file = join(bed.directory, "settings.json");
    const { api_key: made } = JSON.parse(await readFile(file, "utf8")) as { readonly api_key: string };

    expect(made).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(logged("a key for the HTTP API was made")).toMatchObject([{ path: file }]);
    expect(JSON.stringify(bed.log())).not.toContain(made);
    expect((await bed.get(web, { headers: { "x-api-key": made } })).status).toBe(200);

    await using again = await openHttpBed({ http: "{ enabled: true }", directory: bed.directory });
    expect((await again.get(web, { headers: { "x-api-key": made } })).status).toBe(200);
  });

  it.each([
    ["auth is off", "{ auth: false }"],
    ["there is a key", `{ api_key: ${key} }`],
    ["there are named ones", `{ keys: [{ name: a, key: ${key} }] }`],
  ])("is not made where %s", async (_, http) => {
    await open(http);

    await expect(readFile(join(bed.directory, "settings.json"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("settings", () => {
  const headers = { "x-api-key": key };
  const patch = (body: unknown, from = "127.0.0.1") =>
    bed.post("/api/v1/settings", body, { method: "PATCH", headers, from });

  it("refuse addresses that would lock out whoever sends them, and say so", async () => {
    await open(`{ api_key: ${key} }`);
    const answer = await patch({ allowed_ips: ["10.0.0.0/8"], enabled: true });

    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({
      error: "settings_refused",
      detail: "You come from 127.0.0.1, which is not among them: you would be locked out. Nothing was changed.",
    });
    expect((await bed.get("/api/v1/settings", { headers })).json).toMatchObject({ enabled: false, saved: [] });
    expect((await patch({ allowed_ips: ["127.0.0.1", "not one"] })).json).toMatchObject({ error: "settings_refused" });
    expect((await patch({ allowed_ips: ["127.0.0.1/32"] })).status).toBe(200);
    expect((await patch({}, "127.0.0.2")).status).toBe(403);
  });

  it("make a new key, show it once, and take the old one out of force", async () => {
    await open(`{ api_key: ${key} }`);
    const answer = await patch({ generate_api_key: true });
    const made = String(answer.json?.["new_api_key"]);

    expect(made).toHaveLength(32);
    expect((await bed.get("/api/v1/settings", { headers })).status).toBe(401);
    const again = await bed.get("/api/v1/settings", { headers: { "x-api-key": made } });
    expect(again.json).toMatchObject({ api_key: "********", saved: ["api_key"] });
    expect(again.text).not.toContain(made);
    expect(JSON.stringify(bed.log())).not.toContain(made);
  });

  it("leave the key as it is where its mask comes back", async () => {
    await open(`{ api_key: ${key} }`);

    expect((await patch({ api_key: "********", auth: true })).json).toMatchObject({ saved: ["auth"] });
    expect((await bed.get("/api/v1/settings", { headers })).status).toBe(200);
  });

  it("win over the configuration at the next start, which says so", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gangway-http-"));
    await writeFile(
      join(directory, "settings.json"),
      JSON.stringify({
        ...{ schema: 1, api_enabled: true, auth_enabled: true, api_key: "saved-key" },
        allowed_cidrs: ["127.0.0.3", "what is this"],
      }),
    );
    await open(`{ enabled: false, auth: false, api_key: ${key}, allowed_ips: [127.0.0.1] }`, { directory });

    expect((await bed.get(web, { from: "127.0.0.1" })).status).toBe(403);
    expect((await bed.get(web, { from: "127.0.0.3", headers })).status).toBe(401);
    expect((await bed.get(web, { from: "127.0.0.3", headers: { "x-api-key": "saved-key" } })).status).toBe(200);
    expect(logged("settings.json wins")).toMatchObject([{ settings: ["enabled", "auth", "apiKey", "allowedIps"] }]);
    expect(logged("that are none count for nothing")).toHaveLength(1);
    await rm(directory, { recursive: true });
  });
});

describe("further listeners", () => {
  it("have an access of their own, and metrics only where that is wished", async () => {
    await open(`{ enabled: true, api_key: ${key}, listeners: [
      { listen: "127.0.0.1:0", profile: metrics, auth: false },
      { listen: "127.0.0.1:0", allowed_ips: [127.0.0.5] } ] }`);
    const [, metrics = "", narrow = ""] = bed.origins;

    expect((await bed.get("/metrics", { origin: metrics })).status).toBe(200);
    expect((await bed.get("/healthz", { origin: metrics })).status).toBe(200);
    expect((await bed.get(web, { origin: metrics })).status).toBe(404);
    expect((await bed.get("/metrics")).status).toBe(401);
    expect((await bed.get(web, { origin: narrow, from: "127.0.0.5" })).status).toBe(401);
    expect((await bed.get(web, { origin: narrow, headers: { "x-api-key": key } })).status).toBe(403);
    expect(logged("address is not allowed")).toMatchObject([{ setting: "http.listeners[1].allowed_ips" }]);
  });

  const keyless = `{ enabled: true, api_key: ${key}, keys: [{ name: act, key: key-to-act, scopes: [control] }],
    listeners: [{ listen: "127.0.0.1:0", profile: monitor, auth: false }, { listen: "127.0.0.1:0", auth: false }] }`;

  it.each([
    ["auth", { auth_enabled: false }, { auth: false }],
    ["enabled", { api_enabled: false }, { enabled: false }],
    ["the addresses", { allowed_cidrs: ["127.0.0.0/8"] }, { allowed_ips: ["127.0.0.0/8"] }],
    ["the key", { generate_api_key: true }, { generate_api_key: true }],
  ])("without a key change nothing for those that ask for one: %s", async (_, monitored, patched) => {
    await open(keyless);
    const [, monitor = "", api = ""] = bed.origins;
    const before = (await bed.get("/api/v1/settings", { headers: { "x-api-key": key } })).json;
    const change = (headers: Readonly<Record<string, string>>) =>
      Promise.all([
        bed.post("/settings", monitored, { origin: monitor, headers }),
        bed.post("/api/v1/settings", patched, { method: "PATCH", origin: api, headers }),
      ]);
    for (const headers of [{}, { "x-api-key": "key-to-act" }]) {
      for (const { status, text } of await change(headers)) {
        expect([status, text]).toEqual([409, expect.stringContaining("has to show one that may do everything")]);
      }
    }
    expect((await bed.get("/api/v1/settings", { headers: { "x-api-key": key } })).json).toEqual(before);
    expect((await bed.post("/settings", {}, { origin: monitor })).status).toBe(200);
    const { status } = await bed.post("/settings", monitored, { origin: monitor, headers: { "x-api-key": key } });
    expect(status).toBe(200);
  });
});
