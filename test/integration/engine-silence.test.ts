import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as timer } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ImageReference, parseImageReference } from "../../src/core/image-reference.ts";
import type { Engine } from "../../src/core/ports.ts";
import { openEngine } from "../../src/docker/engine.ts";
import { GangwayError } from "../../src/lib/errors.ts";

/* An engine that accepts and does not answer, or stops in the middle: no real one can be made to. */

const limits = { quickMs: 60, slowMs: 60, stopMs: 60, pullIdleMs: 500, archiveIdleMs: 500 };
const signal = new AbortController().signal;
let directory: string;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let engine: Engine;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-silence-"));
  const path = join(directory, "engine.sock");
  server = createServer((request, response) => answer(request, response));
  server.listen(path);
  await once(server, "listening");
  engine = openEngine({ host: `unix://${path}` }, limits);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error("did not reject"),
    (reason: unknown) => reason,
  );
  return error instanceof GangwayError ? error.code : String(error);
}

function reference(): ImageReference {
  const parsed = parseImageReference("nginx:1");
  if (parsed.kind !== "reference") throw new Error("not a reference");
  return parsed;
}

const pull = (): Promise<void> => engine.pull({ reference: reference(), onProgress: () => {} }, signal);

describe.each([
  ["accepts and never answers", () => {}],
  ["stops after the headers", (_: IncomingMessage, response: ServerResponse) => response.flushHeaders()],
  ["stops in the middle of its answer", (_: IncomingMessage, response: ServerResponse) => response.write("{")],
] as const)("an engine that %s", (_, silence) => {
  beforeEach(() => {
    answer = silence;
  });

  it.each([
    ["identify", () => engine.identify(signal)],
    ["list", () => engine.list(signal)],
    ["inspect", () => engine.inspect("web", signal)],
    ["inspectImage", () => engine.inspectImage("sha256:1", signal)],
    ["sample", () => engine.sample("web", signal)],
    ["tagsOf", () => engine.tagsOf("app", signal)],
    ["log", () => engine.log("web", 5, signal)],
    ["create", () => engine.create({ name: "web", body: {} as never }, signal)],
    ["pull", pull],
  ])("is not waited for for ever by %s", async (_, call) => {
    expect(await faultOf(call())).toBe("timeout");
  });
});

describe("a pull", () => {
  it("may take longer than its idle limit, as long as the engine has something to say", async () => {
    answer = (_, response) => {
      void (async () => {
        for (let line = 0; line < 8; line++) {
          response.write('{"status":"Extracting","id":"a"}\n');
          await timer(limits.pullIdleMs / 6);
        }
        response.end('{"status":"Status: Downloaded newer image for nginx:1"}\n');
      })();
    };

    await pull();
  });
});
