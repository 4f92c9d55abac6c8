import type { NetworkInspect } from "../src/core/storage.ts";
import { openNetworkFiles } from "../src/files/network-files.ts";
import { GangwayError } from "../src/lib/errors.ts";
import type { NetworkDependencies } from "../src/operations/networks.ts";

/** Networks that are data only: `bridge` and `lan`. */
export function networkData(): NetworkDependencies["engine"] {
  const networks = new Map<string, NetworkInspect>();
  const put = (Name: string, more: Partial<NetworkInspect> = {}): void => {
    const flags = { Internal: false, Attachable: false, EnableIPv6: false };
    networks.set(Name, { Id: `id-of-${Name}`, Name, Driver: "bridge", Scope: "local", ...flags, ...more });
  };
  put("bridge");
  put("lan", { IPAM: { Driver: "default", Config: [{ Subnet: "10.9.0.0/24", Gateway: "10.9.0.1" }] } });
  return {
    networks: () =>
      Promise.resolve(
        [...networks.values()].map(({ Id: id, Name: name }) => ({
          ...{ id, name, labels: {}, scope: "local", isInternal: false },
        })),
      ),
    inspectNetwork: (wanted) => {
      const found = networks.get(wanted.replace(/^id-of-/, ""));
      const missing = new GangwayError("engine_not_found", `There is no network ${wanted}`);
      return found === undefined ? Promise.reject(missing) : Promise.resolve(found);
    },
    createNetwork: ({ Name, ...more }) => Promise.resolve(put(Name, more)),
  };
}

/** Puts the definition of a network `vpn`, which `networkData` has not, into a directory; gives its file. */
export async function putNetworkFile(directory: string, name = "vpn"): Promise<string> {
  const file = `network_${name}_20261121T180102Z.json`;
  const flags = { internal: false, attachable: false, ipv6: false };
  const network = { name, driver: "bridge", scope: "local", ...flags, ipam: {}, options: {}, labels: { a: "b" } };
  const written = { format: "gangway-network", schema: 1, createdAt: "2026-11-21T18:01:02Z", node: "nas" } as const;
  await openNetworkFiles(directory).write(file, { ...written, network });
  return file;
}
