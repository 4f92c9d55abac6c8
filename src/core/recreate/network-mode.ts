import type { ContainerInspect, HostConfig } from "../inspect.ts";
import { containerMode, namespaceModeFor } from "./references.ts";

/** Does the container live in another container's network? */
export function sharesNetwork({ NetworkMode: mode }: Pick<HostConfig, "NetworkMode">): boolean {
  return mode.startsWith(containerMode);
}

type Connected = Pick<ContainerInspect, "HostConfig" | "NetworkSettings">;

/** The name of the network that a container of this mode is created in; undefined for one without networks of its own. */
export function primaryNetworkOf(inspect: Connected): string | undefined {
  const { NetworkMode: mode } = inspect.HostConfig;
  if (mode === "none" || mode === "host" || sharesNetwork(inspect.HostConfig)) return undefined;
  return mode === "" || mode === "default" ? "bridge" : networkNameFor(mode, inspect);
}

/** The network mode for the new container, with names for ids. */
export function networkModeFor(inspect: Connected, containers: ReadonlyMap<string, string>): string {
  return namespaceModeFor(networkNameFor(inspect.HostConfig.NetworkMode, inspect), containers);
}

function networkNameFor(mode: string, { NetworkSettings: { Networks: networks } }: Connected): string {
  if (Object.hasOwn(networks, mode) || !/^[0-9a-f]{12,64}$/.test(mode)) return mode;
  const match = Object.entries(networks).find(([, { NetworkID: id }]) => id?.startsWith(mode) === true);
  return match?.[0] ?? mode;
}
