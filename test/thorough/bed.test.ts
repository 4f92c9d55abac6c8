import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { openBed } from "../bed/bed.ts";
import { runContainer, untilInspect } from "../bed/containers.ts";
import { loadImage } from "../bed/images.ts";
import { run } from "../bed/programs.ts";
import { serving } from "../bed/variants.ts";
import { eventually } from "../bed/wait.ts";

/** Everything in the system that has to do with the bed of `directory`, in words. */
async function tracesOf(directory: string): Promise<readonly string[]> {
  const name = basename(directory);
  const mentions = (text: string) => text.split("\n").filter((line) => line.includes(name));
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  const processes = await Promise.all(
    pids.map(async (pid) => {
      const facts = await Promise.all(["cmdline", "environ", "cgroup"].map((fact) => read(`/proc/${pid}/${fact}`)));
      return facts.some((fact) => fact.includes(name)) ? [`process ${pid}: ${facts[0]?.replaceAll("\0", " ")}`] : [];
    }),
  );
  const hierarchies = ["", ...(await readdir("/sys/fs/cgroup"))];
  return [
    ...processes.flat(),
    ...mentions(await read("/proc/mounts")).map((line) => `mount ${line}`),
    ...mentions(await run("ip", ["netns", "list"])).map((line) => `network namespace ${line}`),
    ...hierarchies
      .map((hierarchy) => join("/sys/fs/cgroup", hierarchy, name))
      .flatMap((group) => (existsSync(group) ? [`control group ${group}`] : [])),
    ...(existsSync(directory) ? [`directory ${directory}`] : []),
  ];
}

/** What the machine's own network is made of; an engine may not touch it. */
async function hostNetwork(): Promise<readonly string[]> {
  const rules = await Promise.all([run("iptables", ["-S"]), run("iptables", ["-t", "nat", "-S"])]);
  const links = await run("ip", ["-brief", "link"]);
  return [...rules, ...links.split("\n").filter((line) => /docker|br-/.test(line))];
}

describe("a bed", () => {
  it("stands beside another one, each with its own engine, ports and names", async () => {
    const before = await hostNetwork();
    await using one = await openBed({ engine: { hostName: "one" }, registry: true, broker: true });
    await using two = await openBed({ engine: true });

    for (const [bed, version] of [
      [one, "first"],
      [two, "second"],
    ] as const) {
      const { docker } = bed.engine;
      await loadImage(docker, "web:1", { version, ...serving(version) });
      await runContainer(docker, "web", "web:1", {
        HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
      });
      const page = () => fetch(`http://${bed.engine.address()}:8080/`).then((answer) => answer.text());
      await eventually(
        () =>
          page().then(
            () => true,
            () => false,
          ),
        "the page",
        5_000,
      );
      expect(await page()).toBe(version);
    }

    expect(one.engine.address()).not.toBe(two.engine.address());
    expect(await one.engine.docker.info()).toMatchObject({ Name: "one", Containers: 1 });
    expect(await hostNetwork()).toEqual(before);
    expect(() => two.registry).toThrow("without a registry");
  });

  it("leaves nothing behind when it is closed", async () => {
    const bed = await openBed({ engine: true, registry: true, broker: true });
    const { docker } = bed.engine;
    await loadImage(docker, "app:1", { version: "1" });
    await docker.createNetwork({ Name: "own" });
    await runContainer(docker, "app", "app:1", {
      HostConfig: { NetworkMode: "own", RestartPolicy: { Name: "always" } },
      Volumes: { "/kept": {} },
    });
    const during = await tracesOf(bed.directory);

    await bed[Symbol.asyncDispose]();

    for (const program of ["dockerd", "containerd", "docker-registry", "mosquitto", "sleep 3600", "control group"]) {
      expect(during.join("\n")).toContain(program);
    }
    expect(await tracesOf(bed.directory)).toEqual([]);
  });

  it("leaves nothing behind when the process that opened it is killed", async () => {
    const source = `
      import { openBed } from ${JSON.stringify(join(import.meta.dirname, "../bed/bed.ts"))};
      import { loadImage } from ${JSON.stringify(join(import.meta.dirname, "../bed/images.ts"))};
      const bed = await openBed({ engine: true, registry: true, broker: true });
      await loadImage(bed.engine.docker, "app:1", { version: "1" });
      const container = await bed.engine.docker.createContainer({ name: "app", Image: "app:1" });
      await container.start();
      console.log(bed.directory);
      setInterval(() => {}, 60_000);
    `;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(owner.stdout, "data");
    const directory = String(line).trim();
    const during = await tracesOf(directory);
    owner.kill("SIGKILL");
    await once(owner, "exit");

    await eventually(async () => (await tracesOf(directory)).length === 0, "the reaper", 10_000);

    expect(during.join("\n")).toContain("sleep 3600");
  });

  it("removes what it had begun when a part cannot start", async () => {
    const failed: unknown = await openBed({ engine: { config: { "no-such-setting": true } }, broker: true }).catch(
      (error: unknown) => error,
    );

    expect(String(failed)).toContain("no-such-setting");
    const directory = /\/\S*gangway-bed-\w+/.exec(String(failed))?.[0];
    expect(await tracesOf(directory ?? "/")).toEqual([]);
  });

  it("lets the process that opened it end by itself", async () => {
    const source = `
      import { openBed } from ${JSON.stringify(join(import.meta.dirname, "../bed/bed.ts"))};
      const bed = await openBed({ engine: true, registry: true, broker: true });
      await bed[Symbol.asyncDispose]();
      console.log("closed");
    `;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });

    const output = text(owner.stdout);
    const [code] = await once(owner, "exit");

    expect(code).toBe(0);
    expect(await output).toBe("closed\n");
  });
});

describe("an engine of a bed", () => {
  it("keeps its containers when it is stopped and started", async () => {
    await using bed = await openBed({ engine: true });
    const { docker } = bed.engine;
    await loadImage(docker, "app:1", { version: "1" });
    const kept = await runContainer(docker, "kept", "app:1");
    const back = await runContainer(docker, "back", "app:1", { HostConfig: { RestartPolicy: { Name: "always" } } });

    await bed.engine.stop();
    await expect(docker.ping()).rejects.toThrow();
    await bed.engine.start();

    expect(await kept.inspect()).toMatchObject({ State: { Status: "exited", ExitCode: 0 } });
    await untilInspect(docker, back.id, ({ State }) => State.Running);
  });

  it("finds its containers dead after a power cut, and starts those that are to run always", async () => {
    await using bed = await openBed({ engine: true });
    const { docker } = bed.engine;
    await loadImage(docker, "app:1", { version: "1" });
    const dead = await runContainer(docker, "dead", "app:1");
    const back = await runContainer(docker, "back", "app:1", { HostConfig: { RestartPolicy: { Name: "always" } } });
    const during = await tracesOf(bed.directory);

    await bed.engine.kill();
    const after = await tracesOf(bed.directory);
    await bed.engine.start();

    expect(during.join("\n")).toContain("sleep 3600");
    expect(after.join("\n")).not.toContain("dockerd");
    expect(after.join("\n")).not.toContain("sleep 3600");
    expect(await dead.inspect()).toMatchObject({ State: { Status: "exited", ExitCode: 255 } });
    await untilInspect(docker, back.id, ({ State }) => State.Running);
  });

  it("works without networks too", async () => {
    await using bed = await openBed({ engine: { network: "none" }, registry: true });
    const { docker } = bed.engine;
    await loadImage(docker, "app:1", { version: "1" });

    const container = await runContainer(docker, "app", "app:1");

    expect(await container.inspect()).toMatchObject({ State: { Running: true } });
    expect(() => bed.engine.address()).toThrow("publishes no ports");
  });
});
