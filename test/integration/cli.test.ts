import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { connectClient } from "../bed/mqtt-client.ts";
import { freePort } from "../bed/ports.ts";
import { compileCache, configFor, dataDirectory, startGangway } from "../gangway.ts";

let bed: Bed;
let configFile: string;
let dataDir: string;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  for (const name of ["web", "db"]) {
    const image = await publishImage(bed.registry, { name, tag: "1", version: "1" });
    await pullImage(bed.engine.docker, image.reference);
    await runContainer(bed.engine.docker, name, image.reference);
  }
  dataDir = await dataDirectory(bed);
  configFile = join(dataDir, "gangway.yaml");
  await writeFile(configFile, JSON.stringify({ data_dir: dataDir, ...configFor(bed) }));
});
afterAll(() => bed?.[Symbol.asyncDispose]());

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs `gangway` with these arguments until it ends. */
function gangway(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const entry = join(import.meta.dirname, "..", "..", "src", "main.ts");
  const env = { PATH: process.env["PATH"], HOME: dataDir, ...compileCache(bed), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], { cwd: dataDir, env }, (error, output, errors) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors });
    });
  });
}

const onBed = (...args: readonly string[]): readonly string[] => [...args, "--config", configFile];

describe("gangway check", () => {
  it("prints a table of all containers, and exits with 0 while all are up to date", async () => {
    const { code, output } = await gangway(onBed("check"));

    const [headings, ...rows] = output.trimEnd().split("\n");
    expect(headings).toMatch(/^CONTAINER\s+IMAGE\s+STATUS\s+INSTALLED\s+LATEST\s+REASON$/);
    expect(rows).toEqual([expect.stringMatching(/^db .* up_to_date /), expect.stringMatching(/^web .* up_to_date /)]);
    expect(code).toBe(0);
  });

  it("exits with 10 when there is an update, also for the named containers only", async () => {
    await publishImage(bed.registry, { name: "web", tag: "1", version: "2" });

    expect((await gangway(onBed("check"))).code).toBe(10);
    expect((await gangway(onBed("check", "db"))).code).toBe(0);
    const { code, output } = await gangway(onBed("check", "web", "--json"));

    expect(code).toBe(10);
    expect(JSON.parse(output)).toEqual([
      expect.objectContaining({ container: "web", status: "update_available", image: `${bed.registry.host}/web:1` }),
    ]);
  });

  it("exits with 1 for a name that is not there, and when a registry does not answer", async () => {
    expect(await gangway(onBed("check", "nope"))).toMatchObject({
      code: 1,
      errors: expect.stringContaining("no container named nope"),
    });
    bed.registry.failWith({ status: 500 });

    const { code, output } = await gangway(onBed("check", "db"));
    bed.registry.ok();

    expect(code).toBe(1);
    expect(output).toMatch(/^db .* registry_error /m);
  });

  it("exits with 1 and says why when the engine is not there", async () => {
    const { code, errors } = await gangway(["check"], { DOCKER_HOST: "unix:///nowhere.sock" });

    expect(code).toBe(1);
    expect(errors).toContain("/nowhere.sock");
  });

  it("knows what the bridge with the same data knows, and writes none of its files", async () => {
    {
      await using running = await startGangway(bed, { config: configFor(bed), dataDir });
      await running.logged(({ msg, command }) => msg === "operation ended" && command === "check");
      await running.stop();
    }
    const methods = () => bed.registry.requests().flatMap(({ from, method }) => (from === "host" ? [method] : []));
    bed.registry.clearRequests();
    expect((await gangway(onBed("check"))).code).toBe(10);
    expect(methods()).toEqual(["HEAD", "HEAD"]);

    const now = Date.now();
    const coolDown = { since: now - 1_000, until: now + 600_000, attempt: 0 };
    const limits = JSON.stringify({ schema: 1, registries: { [bed.registry.host]: { toldAt: now, coolDown } } });
    await writeFile(join(dataDir, "limits.json"), limits);
    await writeFile(join(dataDir, "images.json"), "{");
    bed.registry.clearRequests();
    const { code, output } = await gangway(onBed("check", "web", "--json"));

    expect(code).toBe(1);
    const [row] = JSON.parse(output) as readonly Readonly<Record<string, string>>[];
    expect(row).toMatchObject({ status: "registry_error", reason: expect.stringContaining("left alone") });
    // The last verdict is the bridge's.
    expect(row?.["latest"]).not.toBe(row?.["installed"]);
    expect(methods()).toEqual([]);
    expect(await readFile(join(dataDir, "limits.json"), "utf8")).toBe(limits);
    expect(await readFile(join(dataDir, "images.json"), "utf8")).toBe("{");
    await writeFile(join(dataDir, "limits.json"), JSON.stringify({ schema: 1, registries: {} }));
  });
});

describe("gangway plan", () => {
  it("prints what updates would do, and does none", async () => {
    const { code, output } = await gangway(onBed("plan"));

    const rows = JSON.parse(output) as readonly Readonly<Record<string, unknown>>[];
    expect(rows.map(({ container }) => container)).toEqual(["db", "web"]);
    expect(rows).toMatchObject([
      { state: "unchanged", message: expect.stringContaining("nothing would be done") },
      { state: "unchanged", plan: { container: "web", members: [{ container: "web", create: {} }] } },
    ]);
    expect(code).toBe(0);
    expect((await gangway(onBed("check", "web"))).code).toBe(10);
  });

  it("of a container that is not there says so", async () => {
    expect(await gangway(onBed("plan", "nope"))).toMatchObject({ code: 1, output: "[]\n" });
  });
});

describe("gangway config", () => {
  it("prints what is in effect, without secrets", async () => {
    const { code, output } = await gangway(onBed("config"), {
      GANGWAY_MQTT__PASSWORD: "very-secret",
      GANGWAY_MQTT__USERNAME: "me",
    });

    expect(code).toBe(0);
    expect(output).toContain("username: me");
    expect(output).toContain("***");
    expect(output).not.toContain("very-secret");
  });

  it.each(["config", "run", "check"])("with problems, %s exits with 2 and prints every one", async (command) => {
    const bad = join(dataDir, "bad.yaml");
    await writeFile(bad, "mqtt:\n  urll: mqtt://x\ncheck:\n  concurrency: 500\n");

    const { code, errors } = await gangway([command, "--config", bad]);

    expect(code).toBe(2);
    expect(errors).toContain("bad.yaml:2:3: mqtt.urll");
    expect(errors).toContain("bad.yaml:4:16: check.concurrency");
    expect(errors).toContain("2 problems");
  });
});

describe("gangway purge", () => {
  it("removes everything of the node from the broker, and nothing else", async () => {
    await using client = await bed.broker.connect();
    const foreign = [
      "gangway/other/state",
      "homeassistant/device/gangway_bedroom/config",
      "homeassistant/device/zigbee/config",
    ];
    for (const topic of foreign) await client.publish(topic, "{}", { retain: true });
    const running = await startGangway(bed, { config: configFor(bed), dataDir });
    await client.until(({ retained }) => retained("gangway/bed/container/web/update"));
    await running.stop();

    const { code, output } = await gangway(onBed("purge"));

    expect(code).toBe(0);
    expect(output).toContain("homeassistant/device/gangway_bed_web/config");
    expect([...client.topics()].sort()).toEqual([...foreign].sort());
  });
});

describe("gangway healthcheck", () => {
  it("is 0 while Gangway answers, and 1 when it does not", async () => {
    const http = { listen: `127.0.0.1:${await freePort()}` };
    const file = join(dataDir, "health.yaml");
    await writeFile(file, JSON.stringify({ ...configFor(bed), http, data_dir: dataDir }));
    expect((await gangway(["healthcheck", "--config", file])).code).toBe(1);

    await using running = await startGangway(bed, { config: { ...configFor(bed), http } });
    await running.logged(({ msg }) => msg === "gangway has started");
    expect((await gangway(["healthcheck", "--config", file])).code).toBe(0);
    await running.logged(({ msg }) => msg === "engine is online");
    await running.logged(({ msg }) => msg === "broker is connected");
    const ready = await fetch(`http://${http.listen}/readyz`);

    expect(ready.status).toBe(200);
  });
});

describe("gangway", () => {
  it.each([
    [["--version"], 0, /^gangway \d+\.\d+\.\d+$/m],
    [["--help"], 0, /Usage: gangway/],
    [["frobnicate"], 2, /no command "frobnicate"/],
    [["run", "web"], 2, /takes no names/],
    [["--frob"], 2, /Unknown option '--frob'/],
    [["config", "--json"], 2, /has no --json/],
  ])("%j exits with %i", async (args, code, text) => {
    const ended = await gangway(args);

    expect(ended.code).toBe(code);
    expect(ended.output + ended.errors).toMatch(text);
  });

  it("runs with its embedded broker when no other is named", async () => {
    const port = await freePort();
    const config = { ...configFor(bed), mqtt: { embedded: { listen: `127.0.0.1:${port}` } } };
    await using running = await startGangway(bed, { config });
    await running.logged(({ msg }) => msg === "broker is connected");

    await using client = await connectClient(`mqtt://127.0.0.1:${port}`);
    await client.until(({ retained }) => retained("gangway/bed/container/web/state"));
    await client.publish("gangway/bed/container/web/command/restart", "", { responseTopic: "answer" });
    const answer = await client.until(({ messages }) => messages.find(({ topic }) => topic === "answer"));

    expect(JSON.parse(answer.payload)).toMatchObject({ ok: true, command: "restart" });
  });
});

describe("gangway prune", () => {
  it("shows what would go, and takes it only when it is told to", async () => {
    const { docker } = bed.engine;
    for (const version of ["spare 1", "spare 2"]) {
      await pullImage(docker, (await publishImage(bed.registry, { name: "spare", tag: "1", version })).reference);
    }
    const dangling = async () => await docker.listImages({ filters: { dangling: ["true"] } });
    const before = await dangling();

    const preview = await gangway(onBed("prune"));
    expect(preview.code).toBe(0);
    expect(preview.output).toMatch(/^NAME +SIZE +REMOVED +WHY\n.*\/spare [0-9a-f]{12} .* yes +no container uses it$/m);
    expect(preview.output).toMatch(/Would remove 1 image, at least .*\nNothing was removed; --yes removes it\.\n$/);
    expect(await dangling()).toEqual(before);

    const pruned = await gangway(onBed("prune", "--yes", "--json"));
    expect(pruned.code).toBe(0);
    expect(JSON.parse(pruned.output)).toMatchObject([{ state: "done", preview: false, removed: [{}] }]);
    expect(await dangling()).toHaveLength(before.length - 1);
    expect((await gangway(onBed("prune", "--what", "networks"))).output).toBe(
      "There is no unused network to remove.\n",
    );
  });
});
