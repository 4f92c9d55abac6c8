import { nameFrom } from "./container.ts";
import type { ContainerInspect } from "./inspect.ts";

/** Where Gangway reaches the engine by TCP. */
export interface EngineEndpoint {
  /** As configured: a name or an address. */
  readonly host: string;
  readonly port: string;
  /** What `host` resolves to. */
  readonly addresses: readonly string[];
}

/** The TCP endpoint in an engine's address (`tcp://proxy:2375`); undefined for a socket. */
export function endpointFrom(engineHost: string): Omit<EngineEndpoint, "addresses"> | undefined {
  const url = URL.parse(engineHost.replace(/^tcp:/, "http:"));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || (url.protocol === "https:" ? "2376" : "2375"),
  };
}

/**
 * Is this the container through which Gangway reaches the engine, as a socket proxy? Without it nothing can be asked of
 * the engine, not even to start it again. One is known by its address or its name on a network, or by a port that it
 * publishes on this machine.
 */
export function isWayToEngine(endpoint: EngineEndpoint, inspect: ContainerInspect): boolean {
  const { host, port, addresses } = endpoint;
  const { Networks: networks, Ports: ports } = inspect.NetworkSettings;
  const reached = new Set([host, ...addresses]);
  const isOnNetwork = Object.values(networks).some(
    ({ IPAddress: ipv4, GlobalIPv6Address: ipv6, Aliases: aliases }) =>
      [ipv4, ipv6].some((address) => typeof address === "string" && address !== "" && reached.has(address)) ||
      (Array.isArray(aliases) && aliases.includes(host)),
  );
  const isLoopback = [...reached].some((address) => /^127\.|^::1$/.test(address));
  const isPublished = Object.values(ports).some((bindings) => bindings?.some(({ HostPort }) => HostPort === port));
  return isOnNetwork || nameFrom(inspect.Name) === host || (isLoopback && isPublished);
}
