import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../daemon.ts";
import type { Installation } from "./installation.ts";

/** Prepares a directory for Home Assistant's configuration: its first start finds it as it is after no start at all. */
export async function prepareConfiguration(directory: string, port: number): Promise<void> {
  const storage = join(directory, ".storage");
  await mkdir(storage, { recursive: true });
  const store = (key: string, version: number, data: unknown) =>
    writeFile(join(storage, key), JSON.stringify({ version, minor_version: 1, key, data }));
  await writeFile(join(directory, "configuration.yaml"), configuration);
  // In configuration.yaml the port would count as being on trial, and Home Assistant would restart after five minutes.
  await store("http", 1, { server_host: ["127.0.0.1"], server_port: port });
  // The page that this leaves out would set up weather, radio and speech from the internet.
  await store("onboarding", 4, { done: ["core_config"] });
}

const configuration = `
homeassistant:
  name: Home
  country: CH
  language: en
  time_zone: Europe/Zurich
  unit_system: metric
  currency: CHF
logger:
  default: warning
`;

/** Starts Home Assistant on a directory with its configuration, as a process of the bed of `bedDirectory`. */
export function startProgram(installation: Installation, bedDirectory: string, directory: string): Promise<Daemon> {
  return startDaemon({
    directory: bedDirectory,
    name: "home-assistant",
    command: "unshare",
    args: ["--mount", "sh", "-c", enter, "sh", installation.root, installation.directory, directory],
  });
}

/**
 * `--skip-pip`: what is not installed is not wanted. The process stays the same from the shell to Python, which keeps its
 * bytecode in the cache, whatever the machine's setting for that: a start takes a third of the time then.
 */
const enter = `
set -e
mount --bind "$2" "$1/opt"
mount --bind "$3" "$1/mnt"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --rbind /sys "$1/sys"
exec env -u PYTHONPATH -u PYTHONHOME -u PYTHONDONTWRITEBYTECODE PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt LC_ALL=C.UTF-8 \\
  chroot "$1" hass --config /mnt --skip-pip --log-no-color
`;
