import { BlockList, isIP } from "node:net";
import { hostnameOf } from "./place.ts";

/** The proxies for requests to other machines. */
export interface ProxySettings {
  readonly https?: URL;
  readonly http?: URL;
  /**
   * Hosts that are reached without: names, which stand for all below them too, `*.name` for those alone, addresses,
   * ranges in CIDR form, each with a port if wanted, or `*`; separated by commas or blanks.
   */
  readonly except: string;
}

/**
 * The proxy for `url`; undefined where it is reached without. Never used for this machine itself, which is another one
 * from the proxy's view. `except` is read as the engine and curl read `NO_PROXY`.
 */
export function proxyFor(url: URL, { https, http, except }: ProxySettings): URL | undefined {
  const proxy = url.protocol === "https:" ? https : http;
  if (proxy === undefined) return undefined;
  const host = hostnameOf(url.host).replace(/\.$/, "");
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (isLoopback(host)) return undefined;
  return except.split(/[\s,]+/).some((entry) => entry !== "" && isMeant(entry.toLowerCase(), host, port))
    ? undefined
    : proxy;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || isIn(loopback, host);
}

function isMeant(entry: string, host: string, port: string): boolean {
  const range = /^(?<network>[0-9a-f.:]+)\/(?<length>\d{1,3})$/.exec(entry)?.groups;
  if (range !== undefined) return isInRange(host, range["network"] ?? "", Number(range["length"]));
  const bracketed = /^\[(?<name>.+)\](?::(?<only>\d+))?$/.exec(entry)?.groups;
  const plain = isIP(entry) === 6 ? { name: entry } : /^(?<name>[^:]+)(?::(?<only>\d+))?$/.exec(entry)?.groups;
  const { name = "", only = undefined } = bracketed ?? plain ?? {};
  if (name === "" || (only !== undefined && only !== port)) return false;
  if (name === "*") return true;
  const suffix = name.replace(/^\*?\./, "").replace(/\.$/, "");
  return (host === suffix && !name.startsWith("*.")) || host.endsWith(`.${suffix}`);
}

function isInRange(host: string, network: string, length: number): boolean {
  const version = isIP(network);
  if (version === 0 || length > (version === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(network, length, version === 4 ? "ipv4" : "ipv6");
  return isIn(range, host);
}

function isIn(range: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && range.check(host, version === 4 ? "ipv4" : "ipv6");
}
