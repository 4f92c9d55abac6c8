import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { debianRoot } from "../bed/debian-root.ts";
import { programEnvironment } from "../bed/programs.ts";
import { namespaceOf } from "../bed/traces.ts";

/**
 * Stands in for runc on machines where root lacks CAP_SYS_RESOURCE, without which no privileged container starts: it
 * takes that capability off the container's list.
 */
const lenientRunc = `#!/bin/sh
for word; do
  case $last in
    --bundle) specification=$word/config.json ;;
    --process) specification=$word ;;
  esac
  last=$word
done
[ -n "$specification" ] && sed -i -e 's/"CAP_SYS_RESOURCE",//g' -e 's/,"CAP_SYS_RESOURCE"//g' "$specification"
exec runc "$@"
`;

/** What the public images do at their start, as far as the bed relies on it. */
const startOf: Readonly<Record<string, readonly string[]>> = {
  "docker:dind": [
    'ENTRYPOINT ["sh", "-c", "exec dockerd --host=unix:///run/docker.sock --host=tcp://0.0.0.0:2375 $0 $@"]',
    "VOLUME /var/lib/docker",
  ],
  "registry:2": [
    `ENTRYPOINT ["sh", "-c", "printf 'version: 0.1\\nstorage: {filesystem: {rootdirectory: /tmp}}\\nhttp:\\n  addr: :5000\\n' > /tmp/registry.yml; exec docker-registry serve /tmp/registry.yml"]`,
  ],
  "eclipse-mosquitto:2": ['CMD ["mosquitto"]'],
  "busybox:musl": ['CMD ["sh"]'],
};

describe("a bed in containers", () => {
  let machine: Bed;
  let tools: string;
  beforeAll(async () => {
    const root = await debianRoot("trixie", console.error, ["docker-registry", "mosquitto", "busybox-static"]);
    tools = await mkdtemp(join(tmpdir(), "lenient-runc-"));
    const runc = join(tools, "runc");
    await writeFile(runc, lenientRunc, { mode: 0o755 });
    machine = await openBed({
      engine: { config: { "default-runtime": "lenient", runtimes: { lenient: { path: runc } } } },
    });
    const tar = spawn("tar", ["--create", "--directory", root, "."], { stdio: ["ignore", "pipe", "inherit"] });
    const importing = await machine.engine.docker.importImage(tar.stdout, { repo: "debian", tag: "parts" });
    expect(await text(importing)).not.toContain("errorDetail");
    for (const [reference, changes] of Object.entries(startOf)) {
      const container = await machine.engine.docker.createContainer({ Image: "debian:parts", Cmd: ["true"] });
      const [repo, tag] = reference.split(":");
      await container.commit({ repo, tag, changes: ["CMD []", ...changes].join("\n") });
      await container.remove();
    }
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    await rm(tools, { recursive: true });
  });

  /** Runs `source` as if on a machine whose engine is that of the outer bed. */
  async function runOnMachine(source: string): Promise<string> {
    const imports = ["bed", "containers", "images", "variants", "wait"]
      .map((name) => `import * as ${name} from ${JSON.stringify(join(import.meta.dirname, `../bed/${name}.ts`))};`)
      .join("\n");
    const child = spawn(
      "nsenter",
      [
        `--net=/run/netns/${namespaceOf(machine.directory)}`,
        process.execPath,
        "--input-type=module",
        "-e",
        `${imports}\n${source}`,
      ],
      { env: programEnvironment({ DOCKER_HOST: machine.engine.host }), stdio: ["ignore", "pipe", "inherit"] },
    );
    const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return output;
  }

  const containersLeft = async () =>
    (await machine.engine.docker.listContainers({ all: true })).map(({ Names }) => Names);

  it("does what the native one does, and leaves nothing behind", async () => {
    const output = await runOnMachine(`
      const opened = await bed.openBed({ kind: "containers", engine: { hostName: "inner" }, registry: true, broker: true });
      const { engine, registry, broker } = opened;
      const said = {};
      said.name = (await engine.docker.info()).Name;
      const image = await images.publishImage(registry, { name: "web", tag: "1", version: "1", ...variants.serving("1") });
      await images.pullImage(engine.docker, image.reference);
      said.digests = (await engine.docker.getImage(image.reference).inspect()).RepoDigests.map((text) => text.split("@")[1]);
      said.digest = image.digest;
      said.from = [...new Set(registry.requests().map(({ from }) => from))];
      await containers.runContainer(engine.docker, "web", image.reference, {
        HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] }, RestartPolicy: { Name: "always" } },
      });
      const page = () => fetch("http://" + engine.address() + ":8080/").then((answer) => answer.text());
      await wait.eventually(() => page().then(() => true, () => false), "the page", 5_000);
      said.page = await page();
      for (const end of [engine.kill, engine.stop, engine.kill]) {
        await end();
        await engine.start();
      }
      await containers.untilInspect(engine.docker, "web", ({ State }) => State.Running);
      registry.failWith({ status: 500 });
      said.spoiled = await images.pullImage(engine.docker, image.reference).then(() => "pulled", () => "failed");
      registry.ok();
      await images.pullImage(engine.docker, image.reference);
      const client = await broker.connect();
      await client.publish("state", "on", { retain: true });
      said.retained = await client.until((seen) => seen.retained("state"));
      await client[Symbol.asyncDispose]();
      await broker.stop();
      await broker.start();
      const next = await broker.connect();
      await next.publish("after", "");
      await next.until(({ messages }) => messages.length > 0);
      said.forgotten = next.retained("state") === undefined;
      await next[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
      console.log(JSON.stringify(said));
    `);

    const said = JSON.parse(output);
    expect(said).toEqual({
      name: "inner",
      digests: [said.digest],
      digest: said.digest,
      from: ["engine"],
      page: "1",
      spoiled: "failed",
      retained: "on",
      forgotten: true,
    });
    expect(await containersLeft()).toEqual([]);
  });

  it("goes with the process that opened it", async () => {
    const output = await runOnMachine(`
      const opened = await bed.openBed({ kind: "containers", engine: true, registry: true, broker: true });
      await opened.engine.docker.ping();
      process.stdout.write("open\\n", () => process.kill(process.pid, "SIGKILL"));
    `);

    expect(output).toBe("open\n");
    await expect.poll(containersLeft, { timeout: 20_000, interval: 50 }).toEqual([]);
  });

  it("lets only those with credentials to the broker, where it has some", async () => {
    const output = await runOnMachine(`
      const credentials = { username: "user", password: "secret" };
      const opened = await bed.openBed({ kind: "containers", broker: { credentials } });
      const client = await opened.broker.connect();
      await client[Symbol.asyncDispose]();
      const refused = await opened.broker.connect({ password: "wrong" }).then(() => "let in", () => "refused");
      await opened[Symbol.asyncDispose]();
      console.log(refused);
    `);

    expect(output).toBe("refused\n");
  });
});
