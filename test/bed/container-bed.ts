import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import Docker from "dockerode";
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from "testcontainers";
import { type BedBroker, type BrokerOptions, brokerAt } from "./broker.ts";
import { findBusybox, keepBusybox } from "./busybox.ts";
import type { BedEngine, EngineOptions } from "./engine.ts";
import { type BedOptions, chosen, type Parts } from "./parts.ts";
import { freePort, openRelay } from "./ports.ts";
import { frontRegistry, type OpenRegistry, type RegistryOptions } from "./registry.ts";
import { containerLabel, containersFile } from "./traces.ts";
import { eventually } from "./wait.ts";

/** The machine's own engine, in which the bed's parts are containers. */
async function hostEngine(): Promise<Docker> {
  // Its own reaper is one more image to pull; the bed has one that needs none.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  const client = await getContainerRuntimeClient();
  return client.container.dockerode;
}

/** Empty where it is not reached by a socket. */
function socketOf({ modem }: Docker): string {
  return "socketPath" in modem && typeof modem.socketPath === "string" ? modem.socketPath : "";
}

/** Is there an engine that this user may use? */
export function engineAnswers(): Promise<boolean> {
  return hostEngine().then(
    () => true,
    () => false,
  );
}

/**
 * Opens the parts as containers: `docker:dind` (privileged), `registry:2` and `eclipse-mosquitto:2`. What differs from
 * the native bed: an engine always has networks, no other release can be chosen, and the engine shares the kernel's
 * firewall modules and control groups with the one it runs in.
 */
export async function openInContainers(
  directory: string,
  options: BedOptions,
  undo: AsyncDisposableStack,
): Promise<Parts> {
  const outer = await hostEngine();
  const ground: Ground = { outer, directory, label: { [containerLabel]: basename(directory) } };
  await writeFile(join(directory, containersFile), socketOf(outer));
  if (findBusybox() === undefined) await fetchBusybox(ground);
  const registry = options.registry && (await openRegistry(ground, chosen(options.registry)));
  if (registry !== undefined) undo.defer(registry.close);
  const engine = options.engine && (await openEngine(ground, chosen(options.engine), registry, undo));
  const broker = options.broker && (await openBroker(ground, chosen(options.broker)));
  return { engine, registry: registry?.registry, broker };
}

interface Ground {
  readonly outer: Docker;
  readonly directory: string;
  readonly label: Readonly<Record<string, string>>;
}

async function openEngine(
  ground: Ground,
  options: EngineOptions = {},
  registry: OpenRegistry | undefined,
  undo: AsyncDisposableStack,
): Promise<BedEngine> {
  if (options.release !== undefined) throw new Error("in containers the engine's release cannot be chosen");
  const port = await freePort();
  const config = { "insecure-registries": ["127.0.0.0/8"], ...options.config };
  const log: string[] = [];
  // Without an explicit --tls=false it waits a quarter of a minute to make its users think.
  const container = await new GenericContainer("docker:dind")
    .withPrivilegedMode()
    .withLabels({ ...ground.label })
    .withHostname(options.hostName ?? "bed")
    // As on a machine, nothing in /run outlives a power cut: a stale pid file there would keep containerd from starting.
    .withTmpFs({ "/run": "rw,exec" })
    .withEnvironment({ DOCKER_TLS_CERTDIR: "" })
    .withCommand(["--tls=false"])
    .withCopyContentToContainer([{ content: JSON.stringify(config), target: "/etc/docker/daemon.json" }])
    .withExposedPorts({ container: 2375, host: port })
    .withWaitStrategy(Wait.forLogMessage(/API listen on/))
    .withLogConsumer((lines) => lines.on("data", (line) => log.push(String(line))))
    .start();
  const socketPath = join(ground.directory, "docker.sock");
  undo.use(await openRelay({ path: socketPath }, { host: "127.0.0.1", port }));
  const docker = new Docker({ socketPath });
  const self = ground.outer.getContainer(container.getId());
  const first = (await self.inspect()).NetworkSettings.Networks["bridge"];
  if (first === undefined) throw new Error("the engine's container is not on the network bridge");
  if (registry !== undefined) await listenAt(first.Gateway, registry, undo);
  let address = first.IPAddress;
  const settle = async () => {
    await eventually(
      () =>
        docker.ping().then(
          () => true,
          () => false,
        ),
      "the engine to answer",
      60_000,
    );
    if (registry !== undefined) await leadOut(container, first.Gateway, registry.port);
    address = (await self.inspect()).NetworkSettings.Networks["bridge"]?.IPAddress ?? address;
  };
  await settle();
  return {
    socketPath,
    host: `unix://${socketPath}`,
    address: () => address,
    docker,
    start: async () => {
      await self.start();
      await settle();
    },
    stop: async () => {
      await self.stop({ t: 60 });
    },
    kill: async () => {
      await self.kill();
    },
    log: () => log.join(""),
  };
}

/** Takes the connections of the engine, which reaches this machine at the gateway of its network. */
async function listenAt(gateway: string, registry: OpenRegistry, undo: AsyncDisposableStack): Promise<void> {
  const server = createServer(registry.accept);
  server.listen({ host: gateway, port: registry.port });
  await once(server, "listening");
  undo.defer(() => {
    server.close();
  });
}

/** Makes 127.0.0.1:`port` inside the engine's container lead to the same port of its gateway, which is this machine. */
async function leadOut(container: StartedTestContainer, gateway: string, port: number): Promise<void> {
  const script = `
    set -e
    for setting in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 1 > $setting; done
    iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport ${port} -j DNAT --to-destination ${gateway}
    iptables -t nat -A POSTROUTING -s 127.0.0.1 -d ${gateway} -p tcp --dport ${port} -j MASQUERADE
  `;
  const { exitCode, output } = await container.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`the engine cannot be led to the registry: ${output}`);
}

async function openRegistry(ground: Ground, options: RegistryOptions = {}): Promise<OpenRegistry> {
  const container = await new GenericContainer("registry:2")
    .withLabels({ ...ground.label })
    .withEnvironment({ REGISTRY_STORAGE_DELETE_ENABLED: "true" })
    .withExposedPorts(5000)
    .withWaitStrategy(Wait.forLogMessage(/listening on/))
    .start();
  const backend = { host: container.getHost(), port: container.getMappedPort(5000) };
  return frontRegistry(backend, ground.directory, options);
}

async function openBroker(ground: Ground, options: BrokerOptions = {}): Promise<BedBroker> {
  const port = await freePort();
  const { username, password } = options.credentials ?? {};
  const makePasswords = username === undefined ? "" : 'mosquitto_passwd -c -b /tmp/passwords "$1" "$2" &&';
  const access = username === undefined ? ["allow_anonymous true"] : ["password_file /tmp/passwords"];
  const config = ["listener 1883", "user root", "persistence false", ...access, ""].join("\n");
  const log: string[] = [];
  const container = await new GenericContainer("eclipse-mosquitto:2")
    .withLabels({ ...ground.label })
    .withCopyContentToContainer([{ content: config, target: "/tmp/broker.conf" }])
    .withEntrypoint(["sh", "-c", `${makePasswords} exec mosquitto -c /tmp/broker.conf`])
    .withCommand(["sh", username ?? "", password ?? ""])
    .withExposedPorts({ container: 1883, host: port })
    .withWaitStrategy(Wait.forLogMessage(/running/))
    .withLogConsumer((lines) => lines.on("data", (line) => log.push(String(line))))
    .start();
  const self = ground.outer.getContainer(container.getId());
  const broker = brokerAt(port, options, {
    start: async () => {
      await self.start();
      await eventually(() => answers(broker), "the broker to answer", 20_000);
    },
    stop: async () => {
      await self.stop({ t: 5 });
    },
    kill: async () => {
      await self.kill();
    },
    log: () => log.join(""),
  });
  return broker;
}

/** The engine accepts connections to a published port before the program behind it does: only an answer counts. */
async function answers(broker: BedBroker): Promise<boolean> {
  try {
    await using _client = await broker.connect();
    return true;
  } catch {
    return false;
  }
}

/** Takes a static busybox out of its own image, for the images that the bed makes. */
async function fetchBusybox({ label }: Ground): Promise<void> {
  await using container = await new GenericContainer("busybox:musl")
    .withLabels({ ...label })
    .withCommand(["sleep", "600"])
    .start();
  const archive = await buffer(await container.copyArchiveFromContainer("/bin/busybox"));
  const length = Number.parseInt(archive.toString("latin1", 124, 135), 8);
  await keepBusybox(archive.subarray(512, 512 + length));
}
