import { findBusybox } from "./busybox.ts";
import { findProgram, run } from "./programs.ts";

/** A program that a part of the bed needs, and the package of Debian and Ubuntu that has it. */
interface Need {
  readonly program: string;
  readonly package: string;
  /** Where it is, if it is there and of use. */
  readonly find?: () => string | undefined;
}

/** What can be asked for: the parts of a bed, what an engine of another release takes, and what takes pictures. */
export type NeedName = "namespaces" | "engine" | "registry" | "broker" | "release" | "browser";

const needs: Readonly<Record<NeedName, readonly Need[]>> = {
  namespaces: [
    { program: "ip", package: "iproute2" },
    { program: "unshare", package: "util-linux" },
  ],
  engine: [
    { program: "dockerd", package: "docker.io" },
    { program: "iptables", package: "iptables" },
    { program: "busybox", package: "busybox-static", find: findBusybox },
  ],
  registry: [
    { program: "docker-registry", package: "docker-registry" },
    { program: "openssl", package: "openssl" },
  ],
  broker: [{ program: "mosquitto", package: "mosquitto" }],
  release: [{ program: "debootstrap", package: "debootstrap" }],
  browser: [{ program: "chromium", package: "chromium" }],
};

/**
 * Makes sure that the programs for what is wanted are there. As root on Debian or Ubuntu it installs what is missing,
 * after telling `say`; elsewhere it throws one line that says what is missing. Nothing that it installs is started, now
 * or at the next boot.
 */
export async function ensurePackages(wanted: readonly NeedName[], say: (line: string) => void): Promise<void> {
  const missing = missingPackages(wanted);
  if (missing.length === 0) return;
  if (!mayInstall()) {
    throw new Error(`missing here: ${missing.join(", ")}; install them, or run this as root on Debian or Ubuntu`);
  }
  say(`Installing with apt-get, which takes about a minute: ${missing.join(" ")}`);
  await install(missing);
  const remaining = missingPackages(wanted);
  if (remaining.length > 0) throw new Error(`still missing after their installation: ${remaining.join(", ")}`);
}

/** Can the parts run on this machine as programs of its own? That takes root, and the programs or leave to install them. */
export function canBeNative(wanted: readonly NeedName[]): boolean {
  return process.getuid?.() === 0 && (missingPackages(wanted).length === 0 || mayInstall());
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && findProgram("apt-get") !== undefined;
}

/** The packages that `wanted` takes and this machine has not. */
export function missingPackages(wanted: readonly NeedName[]): readonly string[] {
  return wanted.flatMap((name) => needs[name].filter(isMissing).map((need) => need.package));
}

function isMissing({ program, find = () => findProgram(program) }: Need): boolean {
  return find() === undefined;
}

/** One at a time: the directory of apt serves as the lock between processes. */
async function install(packages: readonly string[]): Promise<void> {
  await run("flock", ["/var/lib/apt", "sh", "-c", installation, "sh", ...packages]);
}

/** `policy-rc.d` is Debian's way to keep a package from starting its services (exit code 101: forbidden). */
const installation = `
set -e
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
  trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
new=
for package; do
  dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || new="$new $package"
done
[ -n "$new" ] || exit 0
apt-get update -q
apt-get install -q -y --no-install-recommends $new
if [ -d /run/systemd/system ]; then
  for package in $new; do
    for unit in $(dpkg -L "$package" | sed -n 's:.*/systemd/system/\\([^/@]*\\.\\(service\\|socket\\)\\)$:\\1:p'); do
      systemctl disable --quiet "$unit" || true
    done
  done
fi
`;
