import { isApiAtLeast } from "../api-version.ts";
import type { EndpointConfig, EndpointSettings } from "../inspect.ts";
import { requestedMacOf } from "./config.ts";
import { isPodman, type RecreateInput, shortIdOf } from "./input.ts";
import { unlessEmpty } from "./members.ts";
import { primaryNetworkOf } from "./network-mode.ts";
import { type SysctlPlan, withSysctls } from "./sysctls.ts";

export interface Connection {
  readonly network: string;
  readonly endpoint: EndpointConfig;
}

/** How the new container gets into the networks that the old one is in, and no others. */
export interface AttachmentPlan {
  /** For the create body, by network name. */
  readonly endpoints: Readonly<Record<string, EndpointConfig>>;
  /** To connect before the start: older engines take one endpoint at creation. */
  readonly connect: readonly Connection[];
  /** To leave before the start. */
  readonly disconnect: readonly string[];
}

const nothing: AttachmentPlan = { endpoints: {}, connect: [], disconnect: [] };

/** Plans the endpoints, built anew from what the user can have asked for: dynamic addresses stay dynamic. */
export function attachmentsFor(input: RecreateInput, sysctls: SysctlPlan): AttachmentPlan {
  const { inspect, apiVersion } = input;
  const primary = primaryNetworkOf(inspect);
  if (primary === undefined || inspect.Config["NetworkDisabled"] === true) return nothing;
  const connections = connectionsOf(input, primary).map(([network, settings]) => ({
    network,
    endpoint: endpointFor(input, network, settings, network === primary ? sysctls : undefined),
  }));
  // The engine attaches a container without any endpoint to the network of its mode.
  if (connections.length === 0) return { ...nothing, disconnect: isPodman(inspect) ? [] : [primary] };
  const atOnce = isApiAtLeast(apiVersion, "1.44") ? connections.length : 1;
  const created = connections.slice(0, atOnce);
  return {
    endpoints: Object.fromEntries(created.map(({ network, endpoint }) => [network, endpoint])),
    connect: connections.slice(atOnce),
    disconnect: [],
  };
}

/** Whether sysctls have an endpoint to go to: the container may have left the network of its mode. */
export function hasPrimaryEndpoint({ inspect }: RecreateInput): boolean {
  const primary = primaryNetworkOf(inspect);
  return primary !== undefined && Object.hasOwn(inspect.NetworkSettings.Networks, primary);
}

/** The primary network first. */
function connectionsOf({ inspect }: RecreateInput, primary: string): readonly (readonly [string, EndpointSettings])[] {
  const all = Object.entries(inspect.NetworkSettings.Networks);
  return [...all.filter(([network]) => network === primary), ...all.filter(([network]) => network !== primary)];
}

function endpointFor(
  input: RecreateInput,
  network: string,
  settings: EndpointSettings,
  sysctls: SysctlPlan | undefined,
): EndpointConfig {
  const options = sysctls === undefined ? settings.DriverOpts : withSysctls(settings.DriverOpts, sysctls);
  const isPrimary = network === primaryNetworkOf(input.inspect);
  const members = {
    IPAMConfig: unlessEmpty(settings.IPAMConfig),
    Links: unlessEmpty(settings.Links),
    // The default bridge has no names; newer engines refuse aliases there.
    Aliases: network === "bridge" ? undefined : unlessEmpty(aliasesFor(input, settings)),
    DriverOpts: unlessEmpty(options),
    GwPriority: isApiAtLeast(input.apiVersion, "1.48") ? settings.GwPriority || undefined : undefined,
    MacAddress: isPrimary ? primaryMacFor(input) : secondaryMacFor(input, settings),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Below API 1.45 the engine shows the short id and the host name among the aliases; it adds them by itself. */
function aliasesFor({ inspect, apiVersion }: RecreateInput, { Aliases: aliases }: EndpointSettings): readonly string[] {
  const added = [shortIdOf(inspect), ...(isApiAtLeast(apiVersion, "1.45") ? [] : [inspect.Config.Hostname])];
  return (aliases ?? []).filter((alias) => !added.includes(alias));
}

/** Below API 1.44 it belongs to the upper level of the create body. */
function primaryMacFor(input: RecreateInput): string | undefined {
  return isApiAtLeast(input.apiVersion, "1.44") ? requestedMacOf(input) : undefined;
}

function secondaryMacFor({ apiVersion }: RecreateInput, settings: EndpointSettings): string | undefined {
  return isApiAtLeast(apiVersion, "1.44") && hasLastingMac(settings) ? settings.MacAddress : undefined;
}

/**
 * Is this an address that the engine did not derive from the dynamic IPv4 address (`02:42:` and its four bytes)? One
 * that is derived must not outlive it: the next container with that IPv4 address would get the same. The engine does not
 * say whether another was asked for or is a random one; keeping it keeps reservations, and a random one stays unique.
 */
function hasLastingMac({ MacAddress: mac, IPAddress: address }: EndpointSettings): boolean {
  if (unlessEmpty(mac) === undefined) return false;
  const bytes = (address ?? "").split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return mac?.toLowerCase() !== `02:42:${bytes.join(":")}`;
}

/** Networks whose MAC address cannot be carried over: older engines ignore one that comes with a connect. */
export function networksLosingMac({ inspect, apiVersion }: RecreateInput): readonly string[] {
  const primary = primaryNetworkOf(inspect);
  if (primary === undefined || isApiAtLeast(apiVersion, "1.44")) return [];
  return Object.entries(inspect.NetworkSettings.Networks)
    .filter(([network, settings]) => network !== primary && hasLastingMac(settings))
    .map(([network]) => network);
}
