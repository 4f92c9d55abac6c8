import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "./busybox.ts";
import { ensurePackages } from "./packages.ts";
import { run } from "./programs.ts";

/** Releases with an engine newer than bookworm's 20.10: trixie has 26.1, sid a later one. */
export type DebianRelease = "trixie" | "sid";

/** What an engine needs beside Debian's essential packages. */
const enginePackages = ["docker.io", "iptables", "iproute2"];

/** The root directory of a minimal Debian with an engine in it, and with `extra` packages; made as `madeRoot` says. */
export function debianRoot(
  release: DebianRelease,
  say: (line: string) => void,
  extra: readonly string[] = [],
): Promise<string> {
  return madeRoot(release, [release, ...extra].join("+"), [...enginePackages, ...extra], say);
}

/**
 * The root directory of a minimal Debian with `packages`. It is made once, in about a minute, and kept as `name` in the
 * user's cache: nothing in it is ever changed afterwards. Throws where debootstrap is neither there nor to be installed,
 * or the machine's own packages are not Debian's.
 */
export async function madeRoot(
  release: DebianRelease,
  name: string,
  packages: readonly string[],
  say: (line: string) => void,
): Promise<string> {
  const cache = cacheDirectory();
  const root = join(cache, name);
  if (existsSync(root)) return root;
  await ensurePackages(["release"], say);
  await mkdir(cache, { recursive: true });
  say(`Making a Debian ${release} with ${packages.join(", ")} in ${root}, which takes about a minute`);
  await run("flock", [cache, "sh", "-c", making, "sh", root, release, packages.join(","), await debianMirror()]);
  return root;
}

/** Two processes may want it at once: the second one finds it made. */
const making = `
set -e
[ -e "$1" ] && exit 0
rm -rf "$1.partial"
debootstrap --variant=minbase --include="$3" "$2" "$1.partial" "$4" >&2
rm -rf "$1.partial/var/cache/apt/archives" "$1.partial/var/lib/apt/lists"
mv "$1.partial" "$1"
`;

/** Where this machine has its Debian packages from. */
async function debianMirror(): Promise<string> {
  const format = "$(ORIGIN) $(SUITE) $(REPO_URI)";
  const targets = await run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const mirror = targets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([origin, suite]) => origin === "Debian" && suite !== undefined && !suite.includes("-"))?.[2];
  if (mirror === undefined) throw new Error("another Debian release needs a machine with Debian's packages");
  return mirror;
}
