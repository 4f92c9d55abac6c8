import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

const idOf = (name: string): string => name.padEnd(12, "0");
const text = "text/plain; charset=utf-8";

let bed: HttpBed;
afterEach(() => bed?.[Symbol.asyncDispose]());

describe("a session of Docker Image Watcher", () => {
  const users = "users: [{ name: ann, password: secret-one }], keys: [{ name: look, key: a-key-to-look }]";
  const login = (body: string): ReturnType<HttpBed["get"]> => bed.get("/api/login", { method: "POST", body });

  beforeEach(async () => {
    bed = await openHttpBed({
      http: `{ enabled: true, api_key: a-key-of-eight, profile: watcher, compat: true, ${users} }`,
    });
  });

  it("is asked for, begins with name and password, and ends", async () => {
    const before = await bed.get("/api/images");
    const wrong = await login('{"user":"ann","pass":"secret-two"}');
    const right = await login('{"user":"ann","pass":"secret-one"}');
    const cookie = String(right.headers["set-cookie"]);
    const session = { headers: { cookie: `other=1; ${cookie.split(";")[0] ?? ""}` } };
    const inside = await bed.get("/api/images", session);
    const left = await bed.get("/api/logout", { method: "POST", ...session });
    const after = await bed.get("/api/images", session);

    expect([before.status, before.text, before.headers["content-type"]]).toEqual([
      ...[401, '{"error":"unauthorized"}\n', text],
    ]);
    expect([wrong.status, wrong.text]).toEqual([401, '{"error":"invalid credentials"}']);
    expect([right.status, right.text]).toEqual([200, '{"status":"ok"}']);
    expect(cookie).toMatch(/^session=[\w-]{32}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    expect(inside.status).toBe(200);
    expect(inside.headers).toMatchObject({
      ...{ "x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store" },
    });
    expect([left.text, String(left.headers["set-cookie"])]).toEqual([
      ...['{"status":"ok"}', "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"],
    ]);
    expect(after.status).toBe(401);
  });

  it("is not needed with a key, nor for what tells nothing", async () => {
    const answers = [
      await bed.get("/api/images", { headers: { "x-api-key": "a-key-of-eight" } }),
      await bed.get("/api/auth/status"),
      await bed.get("/health"),
      await bed.get("/api/logout", { method: "POST" }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers[1]?.text).toBe('{"enabled":true}');
  });

  it("or a key that may only look is not enough to change anything", async () => {
    const look = { "x-api-key": "a-key-to-look" };
    const paths = [
      `/api/images/${idOf("web")}/update`,
      `/api/images/${idOf("web")}/auto-update`,
      "/api/groups/x/update",
    ];
    for (const path of paths) {
      const unknown = await bed.get(path, { method: "POST" });
      const looking = await bed.get(path, { method: "POST", headers: look });

      expect([unknown.status, unknown.text]).toEqual([401, '{"error":"unauthorized"}\n']);
      expect([looking.status, looking.text]).toEqual([403, '{"error":"scope_missing"}\n']);
    }
    expect((await bed.get("/api/images", { headers: look })).status).toBe(200);
  });

  it("has a cookie for its own prefix, so that profiles on one address keep apart", async () => {
    const answer = await bed.get("/compat/watcher/api/login", {
      method: "POST",
      body: '{"user":"ann","pass":"secret-one"}',
    });

    expect(String(answer.headers["set-cookie"])).toContain("; Path=/compat/watcher; ");
  });

  it("cannot be guessed fast, and who tries is named in the log", async () => {
    const attempts = Array.from({ length: 12 }, () => login('{"user":"ann","pass":"guess"}'));
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);

    expect(statuses).toContain(429);
    expect(statuses).not.toContain(200);
    const line = { address: "127.0.0.1", msg: "a login was refused: wrong name or password" };
    expect(bed.log()).toContainEqual(expect.objectContaining(line));
    expect(JSON.stringify(bed.log())).not.toContain("guess");
  });
});
