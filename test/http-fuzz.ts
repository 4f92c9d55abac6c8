import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { expect } from "vitest";
import { allRoutes, apiPrefix } from "../src/http/api/routes.ts";
import { monitorRoutes } from "../src/http/profiles/monitor/routes.ts";
import { monkeyRoutes } from "../src/http/profiles/monkey/routes.ts";
import { watcherRoutes } from "../src/http/profiles/watcher/routes.ts";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

/** Statuses that an answer may have; a failure of our own is none of them. */
const answered = [200, 202, 400, 401, 403, 404, 405, 409, 413, 414, 415, 416, 422, 429, 431, 503];

const name = fc.oneof(
  fc.constantFrom(
    "web",
    "web000000000",
    "db",
    "off",
    "nope",
    "",
    ".",
    "..",
    "%2e%2e",
    "web%00",
    "%",
    "constructor",
    "__proto__",
  ),
  fc.string({ maxLength: 300 }).map((value) => encodeURIComponent(value.toWellFormed())),
);
/** What HTTP lets stand in a request line. */
const anyPath = fc
  .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 200 })
  .map((tail) => `/${tail}`);
const monitorPaths = monitorRoutes.map(({ path }) => path.replace("<name>", "{name}"));
const watcherPaths = watcherRoutes.flatMap(({ path, uses }) => [
  `/compat/watcher${path.replace("*", "{rest}")}`,
  ...uses.map((use) => `/compat/watcher${use.path}`),
]);
const monkeyPaths = monkeyRoutes.map(({ path }) => `/compat/monkey${path.replaceAll(/<(\w+)>/g, "{$1}")}`);
const knownPaths = [
  ...Object.values(allRoutes).map(({ path }) => apiPrefix + path),
  ...["/metrics", "/healthz", ...watcherPaths, ...monkeyPaths, ...monitorPaths],
  ...monitorPaths.map((path) => `/compat/monitor${path}`),
];
const knownPath = fc
  .tuple(fc.constantFrom(...knownPaths), name)
  .map(([path, value]) => path.replaceAll(/\{\w+\}/g, value));
const query = fc.oneof(
  fc.constantFrom(
    "",
    "?wait=0",
    "?node=nas",
    "?node=",
    "?limit=0",
    "?limit=1e9",
    "?key=x&key=y",
    "?__proto__[x]=1",
    "?unused=maybe",
    "?before=x",
    "?filename=db_20261121T180102Z.tar.gz",
    "?file=x&file=y",
    "?force=1",
    "?force=yes&light=true",
  ),
  fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 50 }), { maxKeys: 4 }).map((pairs) => {
    const wellFormed = Object.entries(pairs).map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]);
    return `?${new URLSearchParams(Object.fromEntries(wellFormed) as Record<string, string>).toString()}`;
  }),
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.json(),
  fc.json().map((json) => json.slice(0, -1)),
  fc
    .record(
      {
        ...{ dry_run: fc.anything(), id: fc.anything(), on: fc.anything(), containers: fc.anything() },
        ...{ image: fc.anything(), user: fc.anything(), pass: fc.anything() },
        ...{ username: fc.anything(), password: fc.anything(), filename: fc.anything(), names: fc.anything() },
        name: fc.oneof(fc.constantFrom("web", "db", "off", "0", "nope"), fc.anything()),
      },
      { requiredKeys: [] },
    )
    .map(jsonOf),
  fc.string({ maxLength: 2_000 }),
);
const header = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const types = [
  ...["application/json", "text/plain", "application/json; charset=x", "application/octet-stream"],
  ...["multipart/form-data; boundary=x", "multipart/form-data"],
];
const headers = fc.record(
  {
    "content-type": fc.oneof(fc.constantFrom(...types), header),
    range: fc.oneof(fc.constantFrom("bytes=0-", "bytes=9-1", "bytes=-0"), header),
    "x-api-key": header,
    authorization: header,
    origin: fc.oneof(fc.constantFrom("null", "https://evil.example"), header),
    "x-forwarded-for": header,
    "sec-fetch-site": header,
    accept: header,
  },
  { requiredKeys: [] },
);
const asked = fc.record({
  method: fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"),
  path: fc.oneof({ weight: 4, arbitrary: knownPath }, { weight: 1, arbitrary: anyPath }),
  ...{ query, headers, body },
});
type Request = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member)) ?? "";
}

/**
 * Sends `requests` generated ones to the doors: every answer is one that the API knows, nothing of the program shows in
 * it, and afterwards everything still works. Gives the memory before and after, in bytes.
 */
export async function fuzzHttp(
  requests: number,
  seed?: number,
): Promise<{ readonly before: number; readonly after: number }> {
  await using bed = await openHttpBed({
    http: "{ enabled: true, auth: false, allowed_ips: [127.0.0.1], compat: true }",
  });
  const send = sender(bed);
  // What the first requests load and compile is not what is looked for.
  await fc.assert(fc.asyncProperty(asked, send), {
    numRuns: Math.ceil(requests / 5),
    ...(seed === undefined ? {} : { seed }),
  });
  const before = await settledHeap();
  await fc.assert(fc.asyncProperty(asked, send), {
    numRuns: requests,
    ...(seed === undefined ? {} : { seed: seed + 1 }),
  });
  const after = await settledHeap();

  expect((await bed.get("/healthz")).status).toBe(200);
  expect((await bed.get("/api/v1/containers/web")).status).toBe(200);
  expect(bed.log().filter(({ msg }) => msg === "an HTTP request failed")).toEqual([]);
  return { before, after };
}

function sender({ origin }: HttpBed): (request: Request) => Promise<void> {
  const { port } = new URL(origin);
  return async ({ method, path, query: asking, headers: given, body: sent }) => {
    // A stream has no end, and settings that were changed would turn the rest of the run into refusals.
    const isSettings = path.endsWith("/settings");
    if (path.startsWith(`${apiPrefix}/events`) || (isSettings && (method === "PATCH" || method === "POST"))) return;
    // Wrong keys count there, and are slowed down.
    const isCounted = isSettings || /\/(?:network-)?backups|^\/compat\/monkey\//.test(path);
    if (isCounted && (given["x-api-key"] !== undefined || given.authorization !== undefined || asking.includes("key=")))
      return;
    const options = { host: "127.0.0.1", port, agent: false, method, path: path + asking } as const;
    const hasBody = sent !== undefined && method !== "GET" && method !== "HEAD";
    // Node leaves the length out for some methods; what follows would then be a request of its own.
    const length = hasBody ? { "content-length": Buffer.byteLength(sent) } : {};
    const outgoing = request({ ...options, headers: { ...sendable(given), ...length } });
    // An answer can come, and the connection end, before all of a body has gone out.
    outgoing.on("error", () => {});
    outgoing.end(hasBody ? sent : undefined);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const answer = await text(response);

    expect(answered).toContain(response.statusCode);
    expect(answer).not.toMatch(/\.ts:\d|node_modules|at (?:async )?\w+ \(/);
    if (response.headers["content-type"]?.includes("json") === true && method !== "HEAD") {
      expect(() => JSON.parse(answer) as unknown).not.toThrow();
    }
  };
}

/** Node itself refuses to send what HTTP does not allow in a header. */
function sendable(given: Readonly<Record<string, string | undefined>>): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the ones that are left out.
      value === undefined ? [] : [[key, value.replaceAll(/[\x00-\x08\x0a-\x1f\x7f]/g, "")]],
    ),
  );
}

async function settledHeap(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}
