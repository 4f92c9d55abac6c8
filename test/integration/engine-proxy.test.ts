import { once } from "node:events";
import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { type EngineCall, type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { loadImage } from "../bed/images.ts";

describe("a proxy before an engine", () => {
  let bed: Bed;
  let proxy: EngineProxy;
  let docker: Docker;
  beforeAll(async () => {
    bed = await openBed({ engine: { network: "none" } });
    await loadImage(bed.engine.docker, "app:1", { version: "1" });
  });
  afterAll(() => bed[Symbol.asyncDispose]());
  beforeEach(async () => {
    proxy = await openEngineProxy(bed.engine.socketPath);
    docker = new Docker({ socketPath: proxy.socketPath });
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    const containers = await bed.engine.docker.listContainers({ all: true });
    await Promise.all(containers.map(({ Id }) => bed.engine.docker.getContainer(Id).remove({ force: true })));
  });
  const containerNames = async () =>
    (await bed.engine.docker.listContainers({ all: true })).flatMap(({ Names }) => Names);
  const creation: unknown = expect.stringMatching(/^\/containers\/create\?name=app&/);
  const nthChange = (n: number) => (call: EngineCall) => call.change === n;

  it("passes calls on and counts them, changing ones apart", async () => {
    const container = await docker.createContainer({ name: "app", Image: "app:1" });
    await container.start();
    await container.inspect();
    await expect(docker.getContainer("nobody").inspect()).rejects.toMatchObject({ statusCode: 404 });

    expect(proxy.calls()).toEqual([
      { number: 1, change: 1, method: "POST", path: creation, status: 201 },
      { number: 2, change: 2, method: "POST", path: `/containers/${container.id}/start`, status: 204 },
      { number: 3, change: 0, method: "GET", path: `/containers/${container.id}/json`, status: 200 },
      { number: 4, change: 0, method: "GET", path: "/containers/nobody/json", status: 404 },
    ]);
    proxy.clearCalls();
    expect(proxy.calls()).toEqual([]);
  });

  it("leaves the API version out of the path", async () => {
    await new Docker({ socketPath: proxy.socketPath, version: "v1.41" }).version();

    expect(proxy.calls()).toMatchObject([{ path: "/version" }]);
  });

  it("passes large uploads and downloads on unharmed", async () => {
    await runContainer(bed.engine.docker, "app", "app:1");
    const image = await buffer(await docker.getImage("app:1").get());
    const direct = await buffer(await bed.engine.docker.getImage("app:1").get());

    const loaded = await docker.loadImage((await bed.engine.docker.getImage("app:1").get()) as NodeJS.ReadableStream);

    expect(image.equals(direct)).toBe(true);
    expect(String(await buffer(loaded))).toContain("app:1");
  });

  it("streams events while they happen", async () => {
    const events = await docker.getEvents();
    const first = once(events, "data");

    await bed.engine.docker.createContainer({ name: "app", Image: "app:1" });
    const [line] = await first;

    expect(JSON.parse(String(line))).toMatchObject({ Action: "create" });
  });

  it("passes hijacked connections on, in both directions, half-closed ones too", async () => {
    const container = await runContainer(bed.engine.docker, "app", "app:1");
    const exec = await docker
      .getContainer(container.id)
      .exec({ Cmd: ["cat"], AttachStdin: true, AttachStdout: true, Tty: false });
    const stream = await exec.start({ hijack: true, stdin: true });

    stream.write("to be echoed ");
    await once(stream, "data");
    stream.end("after all");
    const rest = await buffer(stream);

    expect(String(rest)).toContain("after all");
    expect(proxy.calls().at(-1)).toMatchObject({ method: "POST", status: 101 });
  });

  it("serves one connection for many calls", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ping = () =>
      new Promise<boolean>((resolve, reject) => {
        const asked = request({ socketPath: proxy.socketPath, path: "/_ping", agent }, (answer) => {
          answer.resume();
          answer.on("end", () => resolve(asked.reusedSocket));
        });
        asked.on("error", reject);
        asked.end();
      });

    expect([await ping(), await ping(), await ping()]).toEqual([false, true, true]);
    agent.destroy();
  });

  it("cuts a call off before the engine sees it", async () => {
    proxy.onRequest((call) => (nthChange(1)(call) ? "cut" : "pass"));

    await expect(docker.createContainer({ name: "app", Image: "app:1" })).rejects.toMatchObject({ code: "ECONNRESET" });

    expect(await containerNames()).toEqual([]);
  });

  it("cuts a call off after the engine has done what was asked", async () => {
    proxy.onResponse((call) => (nthChange(1)(call) ? "cut" : "pass"));

    await expect(docker.createContainer({ name: "app", Image: "app:1" })).rejects.toMatchObject({ code: "ECONNRESET" });

    expect(await containerNames()).toEqual(["/app"]);
    expect(proxy.calls()).toMatchObject([{ status: 201 }]);
  });

  it("answers in the engine's stead", async () => {
    proxy.onRequest(({ path }) => (path.endsWith("/start") ? { status: 500, message: "no room" } : "pass"));
    const container = await docker.createContainer({ name: "app", Image: "app:1" });

    await expect(container.start()).rejects.toMatchObject({ statusCode: 500, json: { message: "no room" } });

    expect((await container.inspect()).State.Status).toBe("created");
  });

  it("holds a call until it is let go", async () => {
    const letGo = Promise.withResolvers<"pass">();
    const held = Promise.withResolvers<EngineCall>();
    proxy.onRequest((call) => {
      held.resolve(call);
      return letGo.promise;
    });

    const creating = docker.createContainer({ name: "app", Image: "app:1" });
    expect(await held.promise).toMatchObject({ path: creation, status: null });
    expect(await containerNames()).toEqual([]);
    letGo.resolve("pass");
    await creating;

    expect(await containerNames()).toEqual(["/app"]);
  });

  it("refuses hijacked connections as well, and cuts those that stand", async () => {
    const container = await runContainer(bed.engine.docker, "app", "app:1");
    const open = async () => {
      const exec = await docker
        .getContainer(container.id)
        .exec({ Cmd: ["cat"], AttachStdin: true, AttachStdout: true });
      return exec.start({ hijack: true, stdin: true });
    };
    const standing = await open();
    proxy.onRequest(({ path }) => (path.endsWith("/start") ? { status: 503, message: "busy" } : "pass"));

    await expect(open()).rejects.toMatchObject({ statusCode: 503 });
    const closed = once(standing, "close");
    standing.resume();
    proxy.cutAll();
    await closed;
  });

  it("breaks calls off when the engine is gone, and works again when it is back", async () => {
    const events = await docker.getEvents();
    const ended = new Promise((resolve) => events.once("error", resolve));
    events.resume();

    await bed.engine.kill();
    await ended;
    await expect(docker.ping()).rejects.toMatchObject({ code: "ECONNRESET" });
    await bed.engine.start();

    expect(String(await docker.ping())).toBe("OK");
  });
});
