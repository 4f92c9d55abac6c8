/** Paths that engines hide or protect by default: Docker since 17.06 and Podman. */
const defaultPaths: ReadonlySet<string> = new Set([
  "/proc/acpi",
  "/proc/asound",
  "/proc/bus",
  "/proc/fs",
  "/proc/interrupts",
  "/proc/irq",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/sys",
  "/proc/sysrq-trigger",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/dev/block",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
  "/sys/fs/selinux",
]);
const thermalThrottle = /^\/sys\/devices\/system\/cpu\/cpu\d+\/thermal_throttle$/;

/** Paths that were in every engine's default: a list without one of them was made by hand. */
const alwaysMasked = ["/proc/kcore", "/proc/latency_stats", "/proc/sched_debug", "/proc/timer_list"];
const alwaysReadonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

type Paths = readonly string[] | null | undefined;

/**
 * A list of masked paths for the new container. The engine's default of the day is stored in the container; leaving it
 * out gives the new one today's, which may be stricter. `[]` (unconfined), null (privileged) and lists made by hand stay.
 */
export function maskedPathsFor(paths: Paths): Paths {
  return isDefault(paths, alwaysMasked) ? undefined : paths;
}

/** The same for the paths that can only be read. */
export function readonlyPathsFor(paths: Paths): Paths {
  return isDefault(paths, alwaysReadonly) ? undefined : paths;
}

function isDefault(paths: Paths, always: readonly string[]): boolean {
  if (paths === null || paths === undefined || paths.length === 0) return false;
  return always.every((path) => paths.includes(path)) && paths.every(isKnown);
}

function isKnown(path: string): boolean {
  return defaultPaths.has(path) || thermalThrottle.test(path);
}
