import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../busybox.ts";
import { madeRoot } from "../debian-root.ts";
import { canBeNative, ensurePackages } from "../packages.ts";
import { run } from "../programs.ts";

/** A Home Assistant that can be started; made once for a machine and user. */
export interface Installation {
  /** The file system that it runs in. */
  readonly root: string;
  /** Is `/opt` in it; holds the programs in `venv`. */
  readonly directory: string;
  /** Home Assistant's release: `2026.11.0`. */
  readonly version: string;
}

/** `libturbojpeg0` is what the integration for cameras, which is always set up, would miss. */
const rootPackages = ["python3-venv", "ca-certificates", "tzdata", "libturbojpeg0"];

/**
 * Installs the newest Home Assistant that PyPI has, from wheels, into a Debian sid, whose Python is new enough for it.
 * Everything is kept in the user's cache, outside of the clone: the next call finds it there. Throws why not, where
 * Debian's packages or PyPI cannot be had, or this is not root's Debian or Ubuntu.
 */
export async function installHomeAssistant(say: (line: string) => void): Promise<Installation> {
  if (!canBeNative(["namespaces", "release"])) throw new Error("it takes root on Debian or Ubuntu");
  await ensurePackages(["namespaces"], say);
  const root = await homeAssistantRoot(say);
  const directory = join(cacheDirectory(), "home-assistant");
  const done = join(directory, "version");
  if (!existsSync(done)) {
    say(`Installing the newest Home Assistant from PyPI into ${directory}, which takes two minutes or three`);
    await mkdir(directory, { recursive: true });
    const { index, certificates } = await pipSettings();
    const inside = ["sh", "-c", installation, "sh", index, neededByDefault];
    await run("flock", [
      directory,
      "unshare",
      "--mount",
      "sh",
      "-c",
      enter,
      "sh",
      root,
      directory,
      certificates,
      ...inside,
    ]);
  }
  return { root, directory, version: readFileSync(done, "utf8").trim() };
}

/** The Debian that it runs in, without Home Assistant. */
export function homeAssistantRoot(say: (line: string) => void): Promise<string> {
  return madeRoot("sid", "sid-python", rootPackages, say);
}

/** Where this machine's pip is told to look, and whom to trust there. Empty: pip's own default. */
async function pipSettings(): Promise<{ readonly index: string; readonly certificates: string }> {
  const listed = await run("pip", ["config", "list"]).catch(() => "");
  const setting = (name: string): string =>
    new RegExp(`^[^=]*\\.${name}='(?<value>[^']+)'$`, "m").exec(listed)?.groups?.["value"] ?? "";
  return { index: setting("index-url"), certificates: setting("cert") || "/etc/ssl/certs/ca-certificates.crt" };
}

/** Goes into the root with the installation as its `/opt`; what it mounts is gone with its mount namespace. */
const enter = `
set -e
root=$1 directory=$2 certificates=$3
shift 3
mount --bind "$directory" "$root/opt"
mount -t proc proc "$root/proc"
[ ! -e "$certificates" ] || mount --bind "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
trust=/etc/ssl/certs/ca-certificates.crt
exec env -u PIP_FIND_LINKS PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/opt LC_ALL=C.UTF-8 PIP_CERT=$trust SSL_CERT_FILE=$trust \\
  chroot "$root" "$@"
`;

/**
 * uv, itself a wheel, downloads in parallel and is several times as fast as pip. What the integrations of a default start
 * need is installed now, so that nothing is at run time. A few of those are published without wheels and need a C++
 * compiler; they are about speech, and an empty module stands in for each.
 */
const installation = `
set -e
[ ! -e /opt/version ] || exit 0
cd /opt
rm -rf venv
python3 -m venv venv
export PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv UV_CACHE_DIR=/opt/wheels UV_HTTP_RETRIES=2
if [ -n "$1" ]; then export UV_DEFAULT_INDEX="$1" PIP_INDEX_URL="$1"; fi
pip install --quiet --retries 1 --timeout 15 --no-compile --only-binary=:all: --cache-dir /opt/wheels/pip uv
uv pip install --quiet homeassistant
modules=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
constraints=$modules/homeassistant/package_constraints.txt
python -c "$2" needed > needed.txt
python -c "$2" other > other.txt
uv pip install --quiet -c "$constraints" -r needed.txt
while read -r requirement; do
  uv pip install --quiet -c "$constraints" "$requirement" && continue
  module=$(printf %s "\${requirement%%=*}" | tr A-Z- a-z_)
  printf 'def __getattr__(name):\\n    return None\\n' > "$modules/$module.py"
done < other.txt
python -c 'from importlib.metadata import version; print(version("homeassistant"))' > version.partial
mv version.partial version
`;

/** Prints the requirements of the integrations that are always set up: of the broker's and the pages', or the others. */
const neededByDefault = `
import json, sys
from pathlib import Path
from homeassistant import bootstrap
components = Path(bootstrap.__file__).parent / "components"
def requirements(names):
    found, waiting = {}, list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            manifest = json.loads((components / name / "manifest.json").read_text())
            found[name] = manifest.get("requirements", [])
            waiting += manifest.get("dependencies", []) + manifest.get("after_dependencies", [])
    return {line for lines in found.values() for line in lines}
needed = requirements(["mqtt", "frontend"])
every = requirements(bootstrap.CORE_INTEGRATIONS | bootstrap.DEFAULT_INTEGRATIONS)
print(*sorted(needed if sys.argv[1] == "needed" else every - needed), sep="\\n")
`;
