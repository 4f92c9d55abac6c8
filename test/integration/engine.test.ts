import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageReference, parseImageReference } from "../../src/core/image-reference.ts";
import type { Engine, EngineSignal } from "../../src/core/ports.ts";
import { openEngine } from "../../src/docker/engine.ts";
import { GangwayError } from "../../src/lib/errors.ts";
import { isRawNumber } from "../../src/lib/exact-json.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { makeCertificate } from "../bed/certificate.ts";
import { runContainer, untilLogged } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";

let bed: Bed;
let engine: Engine;
let reference: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true });
  engine = openEngine({ host: bed.engine.host });
  await engine.identify(signal);
  const image = await publishImage(bed.registry, { name: "app", tag: "1", version: "1" });
  reference = image.reference;
  await pullImage(bed.engine.docker, reference);
});
afterAll(() => bed?.[Symbol.asyncDispose]());

function referenceOf(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (parsed.kind !== "reference") throw new Error(`not a reference: ${text}`);
  return parsed;
}

/** The code of the `GangwayError` that `promise` rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error("did not reject"),
    (reason: unknown) => reason,
  );
  return error instanceof GangwayError ? error.code : String(error);
}

describe("the engine", () => {
  it("tells who it is, and the version that is spoken with it", async () => {
    expect(await engine.identify(signal)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      apiVersion: expect.stringMatching(/^1\.\d+$/),
      insecureRegistries: expect.arrayContaining(["127.0.0.0/8"]),
    });
  });

  it("tells what a container has in its writable layer, and nothing of one that has nothing there", async () => {
    const script = "echo x > /etc/version; echo x > /mnt; rm /bin/wc; echo done; sleep 3600";
    const container = await runContainer(bed.engine.docker, "writes", reference, { Cmd: ["/bin/sh", "-c", script] });
    await untilLogged(container, "done");
    const { id: untouched } = await bed.engine.docker.createContainer({ name: "untouched", Image: reference });

    const changes = await engine.changes(container.id, signal);

    const sorted = [...changes].sort((one, other) => (one.path < other.path ? -1 : 1));
    expect(sorted).toEqual([
      { path: "/bin", kind: "modified" },
      { path: "/bin/wc", kind: "deleted" },
      { path: "/etc", kind: "modified" },
      { path: "/etc/version", kind: "modified" },
      { path: "/mnt", kind: "added" },
    ]);
    expect(await engine.changes(untouched, signal)).toEqual([]);
    for (const id of [container.id, untouched]) await engine.remove(id, { force: true }, signal);
  });

  it("keeps integers beyond 2^53 exactly, there and back", async () => {
    const largest = "9223372036854775807";
    const body = {
      Image: reference,
      HostConfig: {
        Ulimits: JSON.parse(
          `[{"Name":"memlock","Soft":${largest},"Hard":${largest}}]`,
          (_, value, { source }: { source?: string }) =>
            typeof value === "number" && source !== undefined
              ? (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(source)
              : value,
        ) as unknown,
      },
      NetworkingConfig: { EndpointsConfig: {} },
    };
    const { id } = await engine.create({ name: "exact", body: body as never }, signal);

    const inspect = await engine.inspect(id, signal);

    const [ulimit] = inspect.HostConfig["Ulimits"] as readonly { readonly Hard: unknown }[];
    expect(isRawNumber(ulimit?.Hard) && ulimit.Hard.rawJSON).toBe(largest);
    await engine.remove(id, { force: true }, signal);
  });

  it("takes a start of what runs, and a stop of what is stopped, as done", async () => {
    const { id } = await runContainer(bed.engine.docker, "twice", reference);

    await engine.start(id, signal);
    await engine.stop(id, signal);
    await engine.stop(id, signal);

    expect((await engine.inspect(id, signal)).State.Running).toBe(false);
    await engine.remove(id, { force: false }, signal);
  });

  it("gives the last lines of a log", async () => {
    const Cmd = ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; done"];
    const { id } = await runContainer(bed.engine.docker, "talker", reference, { Cmd });
    await bed.engine.docker.getContainer(id).wait();

    expect(await engine.log(id, 2, signal)).toBe("line 4\nline 5\n");
    await engine.remove(id, { force: true }, signal);
  });

  it.each([
    ["a container that is not there", () => engine.inspect("nope", signal), "engine_not_found"],
    ["an image that is not there", () => engine.inspectImage("nope:1", signal), "engine_not_found"],
    [
      "the removal of a container that is not there",
      () => engine.remove("nope", { force: true }, signal),
      "engine_not_found",
    ],
    [
      "a body that makes no sense",
      () => engine.create({ name: "x", body: { Image: "" } as never }, signal),
      "engine_refused",
    ],
    ["a call that was aborted", () => engine.list(AbortSignal.abort()), "aborted"],
  ])("fails with a code for %s", async (_, call, code) => {
    expect(await codeOf(call())).toBe(code);
  });

  it("refuses a name that is taken", async () => {
    const { id } = await runContainer(bed.engine.docker, "taken", reference);
    const body = { Image: reference, HostConfig: {}, NetworkingConfig: { EndpointsConfig: {} } };

    expect(await codeOf(engine.create({ name: "taken", body }, signal))).toBe("engine_conflict");
    await engine.remove(id, { force: true }, signal);
  });

  it("pulls with progress that ends, and fails for a tag that is not there", async () => {
    const image = await publishImage(bed.registry, { name: "app", tag: "2", version: "2" });
    const percentages: number[] = [];
    const onProgress = ({ percent }: { readonly percent: number }): void => void percentages.push(percent);

    await engine.pull({ reference: referenceOf(image.reference), onProgress }, signal);

    expect((await engine.inspectImage(image.reference, signal)).RepoDigests).toContain(
      `${bed.registry.host}/app@${image.digest}`,
    );
    expect(percentages).toEqual([...percentages].sort((a, b) => a - b));
    const missing = referenceOf(`${bed.registry.host}/app:nope`);
    expect(await codeOf(engine.pull({ reference: missing, onProgress }, signal))).toMatch(
      /pull_failed|engine_not_found/,
    );
  });

  it("is reached over TLS with a client certificate, and not without", async () => {
    const { key, cert, caFile } = await makeCertificate(bed.directory);
    const ca = await readFile(caFile, "utf8");
    const server = createTlsServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }, (socket) => {
      const upstream = connect(bed.engine.socketPath);
      socket.on("error", () => upstream.destroy());
      upstream.on("error", () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const host = `tcp://127.0.0.1:${port}`;

    expect(await openEngine({ host, ca, cert, key }).identify(signal)).toMatchObject({
      apiVersion: expect.any(String),
    });
    expect(await codeOf(openEngine({ host, ca }).identify(signal))).toBe("engine_unreachable");
    const foreign = await readFile(join(bed.directory, "tls.csr"), "utf8");
    expect(await codeOf(openEngine({ host, cert, key, ca: foreign }).identify(signal))).toBe("engine_unreachable");
    server.close();
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Talks to an engine that answers as no real one can be made to. */
async function withScripted<Result>(answer: Answer, use: (scripted: Engine) => Promise<Result>): Promise<Result> {
  const path = join(bed.directory, `scripted-${Math.random().toString(16).slice(2)}.sock`);
  const server = createServer(answer);
  server.listen(path);
  await once(server, "listening");
  try {
    return await use(openEngine({ host: `unix://${path}` }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const onProgress = (): void => {};
const pullOf = (scripted: Engine): Promise<void> =>
  scripted.pull({ reference: referenceOf("nginx:1"), onProgress }, signal);
const lines = (...texts: readonly string[]): string => texts.map((text) => `${text}\n`).join("");

describe("a pull", () => {
  it.each<[string, string, string, number?]>([
    [
      "an error inside of the 200",
      lines(
        '{"status":"Pulling from library/nginx"}',
        '{"errorDetail":{"message":"toomanyrequests"},"error":"toomanyrequests"}',
      ),
      "registry_limited",
    ],
    ["a limit that is told before", '{"message":"toomanyrequests: You have reached it."}', "registry_limited", 500],
    ["an error in Podman's form", lines('{"message":"manifest unknown"}'), "pull_failed"],
    [
      "a stream that merely ends",
      lines('{"status":"Downloading","id":"abc","progressDetail":{"current":1,"total":9}}'),
      "pull_failed",
    ],
    ["an empty stream", "", "pull_failed"],
    ["garbage", "<html>502</html>\n", "engine_answer_invalid"],
    ["a line that was cut off", '{"status":"Pul', "engine_answer_invalid"],
  ])("fails for %s", async (_, body, code, status = 200) => {
    expect(
      await withScripted(
        (_request, response) => response.writeHead(status, { "content-type": "application/json" }).end(body),
        (scripted) => codeOf(pullOf(scripted)),
      ),
    ).toBe(code);
  });

  it("fails when the connection is cut in the middle", async () => {
    const cut: Answer = (_, response) => {
      response.write(lines('{"status":"Downloading","id":"abc","progressDetail":{"current":1,"total":9}}'), () =>
        response.destroy(),
      );
    };

    expect(await withScripted(cut, (scripted) => codeOf(pullOf(scripted)))).toBe("engine_unreachable");
  });

  it("succeeds with the status at the end, though characters were cut between two packets", async () => {
    const text = Buffer.from(lines('{"status":"Größe: ✓"}', '{"status":"Status: Downloaded newer image for nginx:1"}'));
    const halves: Answer = (_, response) => {
      response.write(text.subarray(0, 14));
      setImmediate(() => response.end(text.subarray(14)));
    };

    await withScripted(halves, pullOf);
  });

  it("can be aborted while it hangs", async () => {
    const hang: Answer = (_, response) => void response.flushHeaders();
    const stop = new AbortController();

    const code = await withScripted(hang, (scripted) => {
      const pulling = scripted.pull({ reference: referenceOf("nginx:1"), onProgress }, stop.signal);
      setImmediate(() => stop.abort());
      return codeOf(pulling);
    });

    expect(code).toBe("aborted");
  });
});

describe("an answer", () => {
  it.each([
    ["that is HTML", "<html>login</html>", "engine_answer_invalid"],
    ["of the wrong form", '{"Version":5}', "engine_answer_invalid"],
    ["that is cut off", '{"Version":"26', "engine_answer_invalid"],
    ["that is nothing", "", "engine_answer_invalid"],
    [
      "of an engine that speaks other versions only",
      '{"Version":"99","ApiVersion":"1.90","MinAPIVersion":"1.80","Name":"x"}',
      "engine_refused",
    ],
  ])("%s fails with a code", async (_, body, code) => {
    const answer: Answer = (_request, response) => response.end(body);

    expect(await withScripted(answer, (scripted) => codeOf(scripted.identify(signal)))).toBe(code);
  });

  it("that does not come in time fails with a code", async () => {
    const hang: Answer = () => {};

    expect(await withScripted(hang, (scripted) => codeOf(scripted.list(AbortSignal.timeout(20))))).toBe("timeout");
  });

  it("of a socket proxy that refuses is not quoted as HTML", async () => {
    const answer: Answer = (_, response) => {
      response.writeHead(403, { "Content-Type": "text/html" });
      response.end("<html><body>Forbidden by rule</body></html>");
    };
    const error = await withScripted(answer, (scripted) =>
      scripted.start("web", signal).catch((reason: unknown) => reason),
    );

    expect(error).toMatchObject({ code: "engine_refused", message: expect.not.stringContaining("<html>") });
  });
});

describe("watching", () => {
  it("hears what happens to containers", async () => {
    const stop = new AbortController();
    const heard: EngineSignal[] = [];
    const watching = (async () => {
      for await (const one of engine.watch(stop.signal)) {
        heard.push(one);
        if (one.kind === "up")
          await runContainer(bed.engine.docker, "watched", reference).then((c) => c.remove({ force: true }));
        if (one.kind === "container" && one.action === "destroy") stop.abort();
      }
    })();
    await watching;

    const actions = heard.flatMap((one) =>
      one.kind === "container" && one.name === "watched" ? [one.action] : [one.kind],
    );
    expect(actions[0]).toBe("up");
    expect(actions).toEqual(expect.arrayContaining(["create", "start", "die", "destroy"]));
  });
});
