import { isApiAtLeast } from "../api-version.ts";
import type { HostConfig } from "../inspect.ts";
import { isPodman, type RecreateInput } from "./input.ts";
import { maskedPathsFor, readonlyPathsFor } from "./masked-paths.ts";
import { isEmpty, present } from "./members.ts";
import { mountsFor } from "./mounts.ts";
import { networkModeFor, sharesNetwork } from "./network-mode.ts";
import { portBindingsFor } from "./ports.ts";
import { namespaceModeFor } from "./references.ts";
import type { SysctlPlan } from "./sysctls.ts";

/**
 * The host configuration: all of the old one, settings that this program does not know among them, but for what would
 * be refused, point to something that is gone, or change its meaning on the way.
 */
export function hostConfigFor(input: RecreateInput, sysctls: SysctlPlan): Readonly<Record<string, unknown>> {
  const { inspect, containers } = input;
  const { HostConfig: old } = inspect;
  return present({
    ...old,
    ...mountsFor(inspect, containers),
    NetworkMode: networkModeFor(inspect, containers),
    IpcMode: namespaceModeFor(old.IpcMode, containers),
    PidMode: namespaceModeFor(old.PidMode, containers),
    Links: linksFor(old),
    PortBindings: portBindingsFor(inspect),
    MaskedPaths: maskedPathsFor(old.MaskedPaths),
    ReadonlyPaths: readonlyPathsFor(old.ReadonlyPaths),
    Sysctls: sysctls.container,
    Devices: devicesFor(old),
    // Podman shows 0 for "not given", and its runtime refuses to be given it on cgroup v2.
    MemorySwappiness: isPodman(inspect) && old["MemorySwappiness"] === 0 ? null : old["MemorySwappiness"],
    KernelMemory: kernelMemoryFor(input),
    KernelMemoryTCP: undefined,
    Capabilities: undefined,
    ContainerIDFile: undefined,
  });
}

/**
 * Legacy links, which inspect gives as `/child:/self/alias`. The middle is the container's name of the moment, so only
 * `child:alias` is sent.
 */
function linksFor(hostConfig: HostConfig): readonly string[] | null | undefined {
  const { Links: links, NetworkMode: mode } = hostConfig;
  if (links === null || links === undefined) return links;
  if (mode === "host" || sharesNetwork(hostConfig)) return null;
  return links.map((link) => {
    const [child = "", alias = ""] = link.split(":");
    return `${child.replace(/^\//, "")}:${alias.slice(alias.lastIndexOf("/") + 1)}`;
  });
}

/** Podman leaves the permissions empty, and refuses that when it is given back. */
function devicesFor({ Devices: devices }: HostConfig): HostConfig["Devices"] {
  return (
    devices?.map((device) => (device["CgroupPermissions"] === "" ? { ...device, CgroupPermissions: "rwm" } : device)) ??
    devices
  );
}

/** Gone with API 1.42; before, zero meant none. */
function kernelMemoryFor({ inspect, apiVersion }: RecreateInput): unknown {
  const { KernelMemory: bytes } = inspect.HostConfig;
  return isApiAtLeast(apiVersion, "1.42") || bytes === 0 || isEmpty(bytes) ? undefined : bytes;
}
