import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as timer } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../bed/certificate.ts";
import { openClient } from "../registry/client.ts";
import { openScripted, type Script, type Scripted } from "../registry/scripted.ts";

const digest = `sha256:${"a".repeat(64)}`;
const found: Scripted = { status: 200, headers: { "docker-content-digest": digest } };
/** Odd spaces: what counts is every byte as it came. */
const manifest = '{ "schemaVersion" : 2,\n  "manifests": [ ] }\n';
const manifestDigest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;

/** Answers one after the other; the last one from then on. */
function inOrder(...answers: readonly Scripted[]): Script {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next += 1;
    return answer ?? { status: 500 };
  };
}

/** HEAD without a digest, as a registry may; then this GET. */
function withBody(get: Scripted): Script {
  return ({ method }) => (method === "HEAD" ? { status: 200 } : get);
}

const cut: Scripted = { raw: (socket) => socket.destroy() };

describe("a registry's answer", () => {
  it("is asked for with all media types at once, over connections that are kept", async () => {
    await using server = await openScripted(() => found);
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/some/image:1`)).toBe(digest);
    expect(await client.digestOf(`${server.host}/some/image:2`)).toBe(digest);
    expect(server.seen).toMatchObject([
      { method: "HEAD", authorization: undefined },
      { method: "HEAD", authorization: undefined },
    ]);
    expect(server.seen.map(({ url }) => url.pathname)).toEqual([
      "/v2/some/image/manifests/1",
      "/v2/some/image/manifests/2",
    ]);
    expect(server.seen[0]?.accept?.split(", ").sort()).toEqual([
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.docker.distribution.manifest.v2+json",
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.oci.image.manifest.v1+json",
    ]);
    for (const tag of [3, 4, 5, 6]) await client.digestOf(`${server.host}/some/image:${tag}`);
    // One to find out that it speaks no TLS, and at most two for the questions.
    expect(server.connections()).toBeLessThanOrEqual(3);
  });

  it("gives the digest of the body's bytes where the registry tells none", async () => {
    await using server = await openScripted(withBody({ status: 200, body: manifest }));
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/image`)).toBe(manifestDigest);
    expect(server.seen.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  });

  it.each([405, 501])("is asked for by GET of a registry that answers %i to HEAD", async (status) => {
    await using server = await openScripted(({ method }) =>
      method === "HEAD" ? { status } : { status: 200, body: manifest },
    );
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/image`)).toBe(manifestDigest);
  });

  it.each([404, 410])("is that there is no such image where it is %i", async (status) => {
    const body = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';
    await using server = await openScripted(withBody({ status, body }));
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "registry_not_found",
      message: `${server.host} has no ${server.host}/image:latest (MANIFEST_UNKNOWN); check the image's name and tag`,
    });
  });

  const html = "<!doctype html><html><body>Welcome</body></html>";
  it.each<[string, Script]>([
    ["a web page", withBody({ status: 200, headers: { "content-type": "text/html" }, body: html })],
    ["JSON of something else", withBody({ status: 200, body: '{"hello":"world"}' })],
    ["nothing", withBody({ status: 200, body: "" })],
    ["packed", withBody({ status: 200, headers: { "content-encoding": "gzip" }, body: gzipSync(manifest) })],
    [
      "in a format of the past",
      () => ({
        status: 200,
        headers: {
          "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws",
          "docker-content-digest": digest,
        },
      }),
    ],
    ["longer than any manifest", withBody({ status: 200, body: `{"schemaVersion":2}${" ".repeat(9 * 1024 * 1024)}` })],
    ["a refusal of its own kind", () => ({ status: 418 })],
    ["not HTTP", () => ({ raw: (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n") })],
    ["a redirect to nowhere", () => ({ status: 307 })],
    ["a redirect to another protocol", () => ({ status: 307, headers: { location: "ftp://127.0.0.1/" } })],
    ["a redirect to itself", ({ url }) => ({ status: 307, headers: { location: url.href } })],
  ])("is invalid where it is %s", async (_name, script) => {
    await using server = await openScripted(script);
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "registry_answer_invalid",
      transient: false,
    });
    expect(client.lines).toEqual([]);
  });

  it("does not count as a digest unless it is one", async () => {
    await using server = await openScripted(({ method }) => ({
      status: 200,
      headers: { "docker-content-digest": "sha256:latest" },
      ...(method === "GET" ? { body: manifest } : {}),
    }));
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/image`)).toBe(manifestDigest);
  });

  it("is given up where its body never ends, however slowly it comes", async () => {
    const streams = new Set<NodeJS.Timeout>();
    const endless = (chunk: Buffer) => (socket: Socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const part = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]);
      const timer = setInterval(() => socket.write(part), 5);
      streams.add(timer);
      socket.on("close", () => {
        clearInterval(timer);
        streams.delete(timer);
      });
    };
    await using quick = await openScripted(withBody({ raw: endless(Buffer.alloc(1024 * 1024, " ")) }));
    await using slow = await openScripted(withBody({ raw: endless(Buffer.from(" ")) }));
    await using client = openClient({ timing: { questionMs: 500 } });
    await using patient = openClient();

    await expect(client.digestOf(`${slow.host}/image`)).rejects.toMatchObject({ code: "timeout", transient: true });
    await expect(patient.digestOf(`${quick.host}/image`)).rejects.toMatchObject({ code: "registry_answer_invalid" });
    while (streams.size > 0) await new Promise(setImmediate);
  });

  it("is given up where its body stops coming", async () => {
    const stalled = { raw: (socket: Socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{") };
    await using server = await openScripted(withBody(stalled));
    await using client = openClient({ timing: { bodyMs: 50 } });

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({ code: "timeout" });
  });

  it("is given up where it does not begin", async () => {
    await using server = await openScripted(() => ({ raw: () => {} }));
    await using client = openClient({ timing: { headersMs: 50 } });

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "timeout",
      message: `${server.host} took too long to answer`,
    });
  });
});

describe("a fault that may pass", () => {
  it.each<[string, Scripted]>([
    ["502", { status: 502, body: "bad gateway" }],
    ["503", { status: 503 }],
    ["504", { status: 504 }],
    ["a lost connection", cut],
  ])("is tried again: %s", async (_name, fault) => {
    await using server = await openScripted(inOrder(fault, fault, found));
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(server.seen).toHaveLength(3);
  });

  it("is reported after the second retry", async () => {
    await using busy = await openScripted(() => ({ status: 503 }));
    await using broken = await openScripted(() => cut);
    await using client = openClient();

    await expect(client.digestOf(`${busy.host}/image`)).rejects.toMatchObject({
      code: "registry_failed",
      transient: true,
      message: `${busy.host} answered HTTP 503; that usually passes`,
    });
    expect(busy.seen).toHaveLength(3);
    await expect(client.digestOf(`${broken.host}/image`)).rejects.toMatchObject({ code: "registry_unreachable" });
    expect(broken.seen).toHaveLength(3);
  });

  it("is not tried again where the registry itself has failed", async () => {
    const body = '{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}';
    await using server = await openScripted(({ method }) =>
      method === "HEAD" ? { status: 200 } : { status: 500, body },
    );
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "registry_failed",
      message: `${server.host} answered HTTP 500 (UNKNOWN); that usually passes`,
    });
    expect(server.seen).toHaveLength(2);
  });

  it("is a body that breaks off", async () => {
    const broken = { raw: (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{") };
    await using server = await openScripted(withBody(broken));
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "registry_unreachable",
      transient: true,
    });
  });
});

describe("a registry that limits requests", () => {
  it.each<[string, () => Scripted, number, number]>([
    ["in seconds", () => ({ status: 429, headers: { "retry-after": "120" } }), 120_000, 120_000],
    [
      "as a date",
      () => ({ status: 429, headers: { "retry-after": new Date(Date.now() + 600_000).toUTCString() } }),
      595_000,
      600_000,
    ],
    ["not at all", () => ({ status: 429 }), 45_000, 60_000],
  ])("is left alone for as long as it says: %s", async (_name, answer, shortest, longest) => {
    await using server = await openScripted(answer);
    await using other = await openScripted(() => found);
    await using client = openClient();
    const failure: unknown = await client.digestOf(`${server.host}/image`).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "registry_limited", transient: true });
    const { retryAfterMs } = failure as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThanOrEqual(shortest);
    expect(retryAfterMs).toBeLessThanOrEqual(longest);
    await expect(client.digestOf(`${server.host}/another`)).rejects.toMatchObject({
      code: "registry_limited",
      message: expect.stringMatching(/ it is left alone for another \d+ (s|min)$/),
    });
    expect(server.seen).toHaveLength(1);
    expect(await client.digestOf(`${other.host}/image`)).toBe(digest);

    client.advance(longest);
    await expect(client.digestOf(`${server.host}/another`)).rejects.toMatchObject({ code: "registry_limited" });
    expect(server.seen).toHaveLength(2);
  });

  it("is left alone a short time again once it has answered in between", async () => {
    const limited: Scripted = { status: 429 };
    await using server = await openScripted(inOrder(limited, found, limited));
    await using client = openClient();
    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({ code: "registry_limited" });
    client.advance(60_000);
    await client.digestOf(`${server.host}/image`);

    const failure: unknown = await client.digestOf(`${server.host}/image`).catch((error: unknown) => error);
    expect((failure as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("is left alone also where its token server says so, in GHCR's words", async () => {
    const text = "toomanyrequests: retry-after: 2m0.5s, allowed: 44000/minute";
    await using server = await openScripted(({ url }) =>
      url.pathname === "/token"
        ? { status: 429, body: text }
        : { status: 401, headers: { "www-authenticate": `Bearer realm="http://${url.host}/token",service="ghcr.io"` } },
    );
    await using client = openClient();
    const failure = { code: "registry_limited", retryAfterMs: expect.any(Number) };

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({ ...failure, retryAfterMs: 120_500 });
    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject(failure);
    expect(server.seen).toHaveLength(2);
  });
});

describe("questions to a registry", () => {
  it("are asked four at a time", async () => {
    let underWay = 0;
    let most = 0;
    const four = Promise.withResolvers<void>();
    await using server = await openScripted(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (underWay === 4) four.resolve();
      await four.promise;
      await timer(20);
      underWay -= 1;
      return found;
    });
    await using client = openClient({ concurrency: 10 });
    const tags = Array.from({ length: 12 }, (_, tag) => `${server.host}/image:${tag}`);
    await Promise.all(tags.map((tag) => client.digestOf(tag)));

    expect(most).toBe(4);
  });

  it("end at once when they are aborted between two attempts", async () => {
    await using server = await openScripted(() => ({ status: 503 }));
    await using client = openClient({ timing: { retryMs: 3_600_000 } });
    const stop = new AbortController();
    const answer = client.digestOf(`${server.host}/image`, stop.signal);
    answer.catch(() => {});
    await server.arrived(1);
    // By the time that this round trip is over, so is the first attempt.
    await fetch(`http://${server.host}/`);
    const aborted = performance.now();
    stop.abort();

    await expect(answer).rejects.toMatchObject({ code: "aborted" });
    expect(performance.now() - aborted).toBeLessThan(2_000);
    expect(server.seen.filter(({ method }) => method === "HEAD")).toHaveLength(1);
  });

  it("end at once when they are aborted, those that wait too", async () => {
    await using server = await openScripted(() => ({ raw: () => {} }));
    await using client = openClient({ concurrency: 1 });
    const stop = new AbortController();
    const first = client.digestOf(`${server.host}/image`, stop.signal);
    const second = client.digestOf(`${server.host}/image`, stop.signal);
    await server.arrived(1);
    stop.abort();

    await expect(first).rejects.toMatchObject({ code: "aborted" });
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    expect(server.seen).toHaveLength(1);
  });

  it("end when the client is closed, and none is asked after", async () => {
    await using server = await openScripted(() => ({ raw: () => {} }));
    const client = openClient();
    const answer = client.digestOf(`${server.host}/image`);
    answer.catch(() => {});
    await server.arrived(1);
    await client[Symbol.asyncDispose]();

    await expect(answer).rejects.toMatchObject({ code: "aborted" });
    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({ code: "aborted" });
    expect(server.seen).toHaveLength(1);
  });
});

describe("a registry that may be spoken to insecurely", () => {
  let directory: string;
  let certificate: { key: string; cert: string; caFile: string };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "registry-answers-"));
    certificate = await makeCertificate(directory);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("is found again when it has begun to speak TLS", async () => {
    await using client = openClient();
    const plain = await openScripted(() => found);
    await client.digestOf(`${plain.host}/image`);
    await plain[Symbol.asyncDispose]();
    await using secure = await openScripted(() => found, certificate, plain.port);

    expect(await client.digestOf(`${secure.host}/image`)).toBe(digest);
    expect(await client.digestOf(`${secure.host}/image`)).toBe(digest);
    expect(secure.seen).toHaveLength(2);
  });

  it("is asked over TLS only, redirects and all, where it is not", async () => {
    await using plain = await openScripted(() => found);
    const location = `http://${plain.host}/elsewhere`;
    await using secure = await openScripted(() => ({ status: 307, headers: { location } }), certificate);
    const ca = await readFile(certificate.caFile, "utf8");
    await using client = openClient({ registries: [{ host: secure.host, ca }] });

    await expect(client.digestOf(`${secure.host}/image`)).rejects.toMatchObject({ code: "registry_answer_invalid" });
    expect(plain.seen).toEqual([]);
  });
});
