/**
 * The id of the container that this process runs in, from `/proc/self/mountinfo`: the engine mounts the container's own
 * `hostname`, `hosts` and `resolv.conf` from a directory that is named after it (on cgroup v1 and v2 alike). Undefined
 * outside of a container.
 */
export function ownContainerId(mountinfo: string): string | undefined {
  const pattern =
    /\/(?:containers|overlay-containers)\/(?<id>[0-9a-f]{64})\/.* \/etc\/(?:hostname|hosts|resolv\.conf) /;
  return pattern.exec(mountinfo)?.groups?.["id"];
}
