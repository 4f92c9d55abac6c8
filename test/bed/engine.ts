import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import Docker from "dockerode";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { DebianRelease } from "./debian-root.ts";
import { type BedNetwork, openNetwork } from "./network.ts";
import { controlGroupOf, thaw } from "./traces.ts";
import { eventually } from "./wait.ts";

/** A Docker engine that belongs to the bed alone. */
export interface BedEngine {
  readonly socketPath: string;
  /** As in `DOCKER_HOST`: `unix:///…`. */
  readonly host: string;
  /** Where ports that containers publish answer: an address of this machine that only this machine knows. */
  readonly address: () => string;
  /** For the test's own use, beside what it tests. */
  readonly docker: Docker;
  /** Starts it on the data it had. */
  readonly start: () => Promise<void>;
  /** Asks it to end, as a service manager does: containers are stopped, their state is kept. */
  readonly stop: () => Promise<void>;
  /** A power cut: the engine and all containers end at once, and only what was written to disk is left. */
  readonly kill: () => Promise<void>;
  /** Its log since the bed was opened, over all its starts. */
  readonly log: () => string;
}

export interface EngineOptions {
  /** `none`: no networks and no firewall rules, for tests that are not about networks. */
  readonly network?: "bridge" | "none";
  /** What `docker info` calls it; the namespace has the name to itself. */
  readonly hostName?: string;
  /**
   * The engine of another Debian release, newer than the machine's. Of the machine's files it sees those under /tmp and
   * the bed's directory only.
   */
  readonly release?: DebianRelease;
  /** More members of `daemon.json`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

interface Placement {
  readonly directory: string;
  /** Ports of 127.0.0.1 that must answer inside as they do outside. */
  readonly loopback: ReadonlyMap<number, (socket: Socket) => void>;
  /** The file system that its programs are in; the machine's own, if absent. */
  readonly root?: string | undefined;
}

/**
 * Starts Debian's dockerd in namespaces of its own (network, mounts, process ids, host name). Its end is then the end
 * of everything it ever started, and the machine's own engine, containerd and settings are out of its sight.
 */
export async function openEngine(placement: Placement, options: EngineOptions = {}): Promise<BedEngine> {
  const { directory } = placement;
  const socketPath = join(directory, "docker.sock");
  const docker = new Docker({ socketPath });
  const script = join(directory, "engine.sh");
  await mkdir(join(directory, "etc"), { recursive: true });
  await writeFile(script, firstProcess);
  await writeFile(join(directory, "daemon.json"), JSON.stringify(daemonConfig(directory, options), null, 2));
  let current: { readonly daemon: Daemon; readonly network: BedNetwork } | undefined;

  const start = async () => {
    if (current !== undefined) throw new Error("the engine runs already");
    await Promise.all(
      ["docker.pid", "docker.sock", "exec"].map((name) => rm(join(directory, name), { recursive: true, force: true })),
    );
    const network = await openNetwork(directory, options.network !== "none");
    for (const [port, accept] of placement.loopback) await network.listenInside(port, accept);
    const daemon = await startDaemon({
      directory,
      name: "engine",
      command: "nsenter",
      args: [
        ...[`--net=/run/netns/${network.namespace}`, "unshare", "--mount", "--propagation", "slave", "--uts"],
        ...["--pid", "--fork", "--kill-child", "--mount-proc"],
        ...["sh", script, directory, options.hostName ?? "bed", placement.root ?? ""],
      ],
    });
    current = { daemon, network };
    const answers = async () => {
      if (!daemon.isRunning()) throw new Error(`the engine ended at its start:\n${lastLines(daemon.log())}`);
      return (
        existsSync(socketPath) &&
        (await docker.ping().then(
          () => true,
          () => false,
        ))
      );
    };
    try {
      await eventually(answers, "the engine to answer", 60_000);
    } catch (error) {
      await end("SIGKILL", 0);
      throw error;
    }
  };

  const end = async (signal: NodeJS.Signals, graceMs: number) => {
    if (current === undefined) return;
    const { daemon, network } = current;
    current = undefined;
    if (signal === "SIGKILL") await thaw(controlGroupOf(directory));
    await daemon.end(signal, graceMs, await firstProcessId(daemon));
    await network.close();
  };

  await start();
  return {
    socketPath,
    host: `unix://${socketPath}`,
    address: () => {
      const address = current?.network.address;
      if (address === undefined) throw new Error("this engine publishes no ports");
      return address;
    },
    docker,
    start,
    stop: () => end("SIGTERM", 60_000),
    kill: () => end("SIGKILL", 60_000),
    log: () => readFileSync(join(directory, "engine.log"), "utf8"),
  };
}

/**
 * The first process of the engine's namespaces; when it ends the kernel ends all others. `/run` and `/etc/docker` are
 * the engine's own: there are the machine's containerd, which it would otherwise use, its sockets, keys and plugins.
 * Another root is the whole namespace's, not only the engine's: health checks and `docker exec` would otherwise see the
 * machine's files in place of the container's.
 */
const firstProcess = `
set -e
root=$3
if [ -n "$root" ]; then
  mkdir -p "$1/upper" "$1/work" "$1/root"
  mount -t overlay -o "lowerdir=$root,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
  root=$1/root
  mkdir -p "$root/tmp" "$root$1"
  for directory in /proc /sys /dev /tmp "$1"; do mount --rbind "$directory" "$root$directory"; done
fi
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/etc/docker"
mount --bind "$1/etc" "$root/etc/docker"
echo "$2" > /proc/sys/kernel/hostname
if [ -n "$root" ]; then
  mkdir -p "$root/machine"
  cd "$root"
  pivot_root . machine
  umount -l /machine
fi
dockerd --config-file "$1/daemon.json" &
engine=$!
trap 'kill -TERM $engine' TERM
set +e
while kill -0 $engine 2>/dev/null; do wait $engine; done
`;

function daemonConfig(directory: string, options: EngineOptions): Readonly<Record<string, unknown>> {
  return {
    "data-root": join(directory, "data"),
    "exec-root": join(directory, "exec"),
    pidfile: join(directory, "docker.pid"),
    hosts: [`unix://${join(directory, "docker.sock")}`],
    "cgroup-parent": controlGroupOf(directory),
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "insecure-registries": ["127.0.0.0/8"],
    ...(options.network === "none" ? { bridge: "none", iptables: false, "ip-masq": false } : {}),
    ...options.config,
  };
}

/** The process that holds the engine's namespaces: the only child of the one that made them. */
async function firstProcessId({ pid }: Daemon): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return Number(children.split(" ")[0] || pid);
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-15).join("\n");
}
