import type { ContainerInspect, HostConfig, PortBinding } from "../inspect.ts";
import { isEmpty } from "./members.ts";

/**
 * The port bindings for the new container: those that say where. An empty list is filled by some engines with a random
 * port and ignored by others, so it is sent as what it has come to: a random port, or nothing.
 */
export function portBindingsFor({ HostConfig, NetworkSettings }: ContainerInspect): HostConfig["PortBindings"] {
  const { PortBindings: bindings } = HostConfig;
  if (bindings === null || bindings === undefined) return bindings;
  const random: readonly PortBinding[] = [{ HostIp: "", HostPort: "" }];
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([port, list]) => {
      if (!isEmpty(list)) return [[port, list]];
      return isEmpty(NetworkSettings.Ports[port]) ? [] : [[port, random]];
    }),
  );
}
