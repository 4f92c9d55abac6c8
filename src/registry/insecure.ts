import { BlockList, isIP } from "node:net";
import { hostnameOf } from "./place.ts";

/**
 * Does the engine talk to a registry without verified TLS? By `list`: exact hosts, and address ranges in CIDR form, as
 * in the engine's `RegistryConfig` (`GET /info`, API 1.41). Names are not resolved, but for `localhost`.
 */
export function insecureHosts(list: readonly string[]): (registry: string) => boolean {
  const exact = new Set(list.map((entry) => entry.toLowerCase()));
  const ranges = new BlockList();
  for (const entry of list) addRange(ranges, entry);
  return (registry) => {
    const hostname = hostnameOf(registry);
    const address = hostname === "localhost" ? "127.0.0.1" : hostname;
    const version = isIP(address);
    return exact.has(registry.toLowerCase()) || (version !== 0 && ranges.check(address, familyOf(version)));
  };
}

function addRange(ranges: BlockList, entry: string): void {
  const [network = "", length = ""] = entry.split("/");
  const version = isIP(network);
  const isPrefix = /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
  if (version !== 0 && isPrefix) ranges.addSubnet(network, Number(length), familyOf(version));
}

function familyOf(version: number): "ipv4" | "ipv6" {
  return version === 4 ? "ipv4" : "ipv6";
}
