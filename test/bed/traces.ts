import { existsSync } from "node:fs";
import { readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { run, signalProcess } from "./programs.ts";
import { eventually } from "./wait.ts";

/**
 * What a bed leaves in the system, and how it is removed. Everything is named after the bed's directory, so that
 * whoever knows the directory can clean up: the bed itself, or its reaper after the bed's process was killed.
 */

/** The environment variable whose value is the directory of the bed. */
export const markName = "GANGWAY_BED";
const directoryPrefix = "gangway-bed-";
/** The names of beds: of their directories, network namespaces and control groups. */
export const bedNamePattern = new RegExp(`^${directoryPrefix}`);
/** The label whose value is the name of the bed, on containers that are parts of one. */
export const containerLabel = "gangway-bed";
/** The file in the bed's directory that is there if it has such; in it the engine's socket, if not as in `DOCKER_HOST`. */
export const containersFile = "containers";
const controlGroupRoot = "/sys/fs/cgroup";

/** The pattern for `mkdtemp`. */
export function directoryPattern(parent: string): string {
  return join(parent, directoryPrefix);
}

/** The environment variable by which every process of a bed, and its children, are recognised. */
export function markOf(directory: string): Readonly<Record<string, string>> {
  return { [markName]: directory };
}

/** The bed's network namespace, as `ip netns` names it. */
export function namespaceOf(directory: string): string {
  return basename(directory);
}

/** The control group of the bed's containers. */
export function controlGroupOf(directory: string): string {
  return `/${basename(directory)}`;
}

/** Ends and removes everything that belongs to the bed of `directory`, the directory last. Safe to call again. */
export async function removeTraces(directory: string): Promise<void> {
  if (!basename(directory).startsWith(directoryPrefix)) throw new Error(`${directory} is not the directory of a bed`);
  await killMarked(directory);
  await thaw(controlGroupOf(directory));
  await removeContainers(directory);
  await removeNamespace(namespaceOf(directory));
  await removeControlGroups(controlGroupOf(directory));
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** Removes the bed's containers, if it is made of some, with their anonymous volumes. */
async function removeContainers(directory: string): Promise<void> {
  const file = join(directory, containersFile);
  if (!existsSync(file)) return;
  const socketPath = await readFile(file, "utf8");
  const { default: Docker } = await import("dockerode");
  const docker = socketPath === "" ? new Docker() : new Docker({ socketPath });
  const label = [`${containerLabel}=${basename(directory)}`];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
}

async function killMarked(directory: string): Promise<void> {
  const isGone = async () => {
    const pids = await markedProcesses(directory);
    for (const pid of pids) signalProcess(pid, "SIGKILL");
    return pids.length === 0;
  };
  await eventually(isGone, `the end of the processes of ${directory}`, 10_000);
}

/** The processes that carry the mark of the bed of `directory`. */
export async function markedProcesses(directory: string): Promise<readonly number[]> {
  const entries = await readdir("/proc");
  const pids = entries.filter((name) => /^\d+$/.test(name));
  const marked = await Promise.all(pids.map((pid) => isMarked(pid, directory)));
  return pids.filter((_pid, index) => marked[index]).map(Number);
}

async function isMarked(pid: string, directory: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    return environment.split("\0").includes(`${markName}=${directory}`);
  } catch {
    return false;
  }
}

/** Runs a program inside a network namespace. (`ip -n` would do so with changed mounts, which not every root allows.) */
export function runIn(namespace: string, command: readonly string[], input = ""): Promise<string> {
  return run("nsenter", [`--net=/run/netns/${namespace}`, ...command], input);
}

/** Removes a network namespace with every interface in it. */
export async function removeNamespace(name: string): Promise<void> {
  if (!existsSync(join("/run/netns", name))) return;
  // A namespace goes in the background; its cable to the host is removed first, so that it is gone when this returns.
  await runIn(name, ["ip", "link", "delete", "host0"]).catch(() => {});
  await run("ip", ["netns", "delete", name]);
}

/** Lets paused containers go on: the kernel ends no process that is frozen, and no namespace with one in it. */
export async function thaw(name: string): Promise<void> {
  const freezer = join(controlGroupRoot, "freezer", name);
  const containers = await readdir(freezer, { withFileTypes: true }).catch(() => []);
  for (const container of containers.filter((entry) => entry.isDirectory())) {
    await writeFile(join(freezer, container.name, "freezer.state"), "THAWED").catch(() => {});
  }
}

/** Removes a control group and those below it, in every hierarchy (version 1 has several, version 2 one). */
async function removeControlGroups(name: string): Promise<void> {
  const hierarchies = await readdir(controlGroupRoot).catch(() => []);
  const groups = ["", ...hierarchies].map((hierarchy) => join(controlGroupRoot, hierarchy, name));
  for (const group of groups.filter((path) => existsSync(path))) {
    // The kernel refuses for as long as a killed process of the group has not quite gone.
    await eventually(() => removeControlGroup(group), `control group ${group} to be empty`, 10_000);
  }
}

async function removeControlGroup(group: string): Promise<boolean> {
  const entries = await readdir(group, { withFileTypes: true });
  for (const entry of entries.filter((child) => child.isDirectory())) {
    if (!(await removeControlGroup(join(group, entry.name)))) return false;
  }
  return rmdir(group).then(
    () => true,
    () => false,
  );
}
