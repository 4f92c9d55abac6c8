import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open = async (http: string): Promise<void> => {
  bed = await openHttpBed({ http });
};
afterEach(() => bed?.[Symbol.asyncDispose]());

const key = "the-key-for-everything";
const headers = { "x-api-key": key };
const settings = async (): Promise<unknown> => (await bed.get("/settings", { headers })).json;
const post = (body: unknown, shown: Readonly<Record<string, string>> = headers) =>
  bed.post("/settings", body, { headers: shown });

describe("/settings", () => {
  it("shows who may come in, and never the key", async () => {
    await open(`{ api_key: ${key}, allowed_ips: [127.0.0.0/8] }`);

    expect((await bed.get("/settings", { headers })).text).toBe(
      '{"allowed_cidrs":["127.0.0.0/8"],"api_enabled":false,"api_key":"********","auth_enabled":true}\n',
    );
  });

  it("does not show it where none is asked for either", async () => {
    await open(`{ auth: false, api_key: ${key} }`);
    const { text } = await bed.get("/settings");

    expect(text).toContain('"api_key":"********","auth_enabled":false');
  });

  it("is empty where there is no key", async () => {
    await open("{ auth: false }");

    expect((await bed.get("/settings")).json).toMatchObject({ api_key: "", auth_enabled: false });
  });

  it("changes what is given, says how it is then, and keeps it", async () => {
    await open(`{ api_key: ${key} }`);
    const answer = await post({
      api_enabled: true,
      allowed_cidrs: "127.0.0.1/32, ::1\n10.0.0.9/24,",
      api_key: "********",
    });

    expect([answer.status, answer.text]).toEqual([
      200,
      '{"allowed_cidrs":["127.0.0.1/32","::1","10.0.0.9/24"],"api_enabled":true,"api_key":"********","auth_enabled":true,"ok":true}\n',
    ]);
    expect(JSON.parse(await readFile(join(bed.directory, "settings.json"), "utf8"))).toEqual({
      ...{ schema: 1, api_enabled: true, allowed_cidrs: ["127.0.0.1/32", "::1", "10.0.0.9/24"] },
    });
    expect((await bed.get("/health", { headers })).status).toBe(200);
  });

  it("shows a key once to whoever has made it or brought it", async () => {
    await open(`{ api_key: ${key} }`);
    const made = (await post({ generate_api_key: true })).json?.["api_key"];

    expect(made).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect((await bed.get("/settings", { headers })).status).toBe(401);
    const brought = await post({ api_key: "another-key" }, { "x-api-key": String(made) });
    expect(brought.json).toMatchObject({ api_key: "another-key", ok: true });
  });

  it("makes a key where the first is needed", async () => {
    await open("{ auth: false }");
    const answer = await post({ auth_enabled: true }, {});

    expect(answer.json).toMatchObject({ auth_enabled: true, api_key: expect.stringMatching(/^.{32}$/) as unknown });
    expect((await bed.get("/settings")).status).toBe(401);
  });

  it.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["a mask", { api_key: "********" }],
    ["an empty key", { api_key: "" }],
    ["a list", [1]],
    ["members of another tool", { theme: "dark" }],
  ])("changes nothing by %s", async (_, body) => {
    await open(`{ api_key: ${key} }`);
    const before = await settings();
    const answer = await post(body);

    expect([answer.status, answer.json?.["auth_enabled"]]).toEqual([200, true]);
    expect(await settings()).toEqual(before);
  });

  it.each([
    [{ allowed_cidrs: ["10.0.0.0/8"] }, 409, /You come from 127\.0\.0\.1, which is not among them/],
    [{ allowed_cidrs: "" }, 409, /You come from 127\.0\.0\.1/],
    [{ allowed_cidrs: ["127.0.0.1", "nonsense"] }, 409, /These are no addresses or ranges: nonsense/],
    [{ allowed_cidrs: 7 }, 400, /allowed_cidrs is a list/],
    [{ auth_enabled: "yes" }, 400, /auth_enabled is true or false/],
    [{ api_key: "short" }, 400, /api_key is a text of 8 to 256 characters/],
    [{ api_key: "long-enough", generate_api_key: true }, 409, /Either a key is given/],
  ])("refuses %j", async (wish, status, message) => {
    await open(`{ api_key: ${key} }`);
    const before = await settings();
    const answer = await post({ ...wish, api_enabled: true });

    expect([answer.status, answer.json?.["error"], answer.json?.["ok"]]).toEqual([status, "settings_refused", false]);
    expect(answer.json?.["message"]).toMatch(message);
    expect(await settings()).toEqual(before);
  });
});

describe("a key that is not asked for", () => {
  const http = `{ enabled: true, auth: false, api_key: ${key}, keys: [{ name: act, key: key-to-act, scopes: [control] }] }`;

  it.each([
    ["nothing", {}, 409],
    ["a lesser key", { "x-api-key": "key-to-act" }, 409],
    ["a wrong one", { "x-api-key": "wrong" }, 401],
    ["the key itself", headers, 200],
  ])("is taken away only by who has it: with %s", async (_, shown, status) => {
    for (const wish of [{ generate_api_key: true }, { api_key: "a-key-of-mine" }]) {
      bed = await openHttpBed({ http });
      expect((await post(wish, shown)).status).toBe(status);
      await bed[Symbol.asyncDispose]();
      bed = await openHttpBed({ http });
      const patched = await bed.post("/api/v1/settings", wish, { method: "PATCH", headers: shown });
      expect(patched.status).toBe(status);
      await bed[Symbol.asyncDispose]();
    }
  });

  it("may be left out for everything else", async () => {
    await open(http);

    expect((await post({ api_enabled: false }, {})).json).toMatchObject({ api_enabled: false, ok: true });
  });

  it("is not confirmed to whoever guesses it: the right one is answered as a wrong one is", async () => {
    await open(http);
    const answers = [await post({ api_key: key }, {}), await post({ api_key: "a-wrong-guess" }, {})];

    expect(answers.map(({ status }) => status)).toEqual([409, 409]);
    expect(answers[0]?.text).toBe(answers[1]?.text);
    expect((await post({ api_key: key })).status).toBe(200);
  });
});
