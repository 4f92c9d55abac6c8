import { isApiAtLeast } from "../api-version.ts";
import { isEmpty } from "./members.ts";

/** Sysctls, and those among them that belong to the endpoint of the primary network. */
export interface SysctlPlan {
  readonly container: Readonly<Record<string, string>> | null | undefined;
  /** For the endpoint's `DriverOpts`; empty where there are none. */
  readonly endpoint: Readonly<Record<string, string>>;
}

const endpointOption = "com.docker.network.endpoint.sysctls";
const interfaceSysctl = /^net\.(?<family>[^.]+)\.(?<kind>[^.]+)\.eth0\.(?<name>.+)$/;

/**
 * From API 1.48 on the engine refuses sysctls of `eth0` for the container as a whole: they are options of the endpoint,
 * in which `IFNAME` stands for the interface
 * (https://docs.docker.com/reference/api/engine/version-history/, 1.46 and 1.48).
 */
export function sysctlsFor(
  sysctls: Readonly<Record<string, string>> | null | undefined,
  hasPrimaryEndpoint: boolean,
  apiVersion: string,
): SysctlPlan {
  if (isEmpty(sysctls) || !hasPrimaryEndpoint || !isApiAtLeast(apiVersion, "1.48")) {
    return { container: sysctls, endpoint: {} };
  }
  const all = Object.entries(sysctls ?? {});
  const moved = all.flatMap(([key, value]) => {
    const { family, kind, name } = interfaceSysctl.exec(key)?.groups ?? {};
    return name === undefined ? [] : [`net.${family}.${kind}.IFNAME.${name}=${value}`];
  });
  if (moved.length === 0) return { container: sysctls, endpoint: {} };
  return {
    container: Object.fromEntries(all.filter(([key]) => !interfaceSysctl.test(key))),
    endpoint: { [endpointOption]: moved.join(",") },
  };
}

/** Driver options with more of them; lists of sysctls are joined. */
export function withSysctls(
  options: Readonly<Record<string, string>> | null | undefined,
  { endpoint }: SysctlPlan,
): Readonly<Record<string, string>> {
  const both = [options?.[endpointOption], endpoint[endpointOption]].filter((list) => !isEmpty(list));
  return { ...options, ...endpoint, ...(both.length === 0 ? {} : { [endpointOption]: both.join(",") }) };
}
