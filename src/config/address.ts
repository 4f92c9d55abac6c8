import { BlockList, isIP } from "node:net";

/** Where a server listens. An IPv6 address stands without its brackets. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Reads `127.0.0.1:5000`, `[::1]:5000` or `localhost:5000`; undefined for anything else. A port alone is refused:
 * listening on all addresses must be written out (`0.0.0.0:5000`, `[::]:5000`).
 */
export function listenAddressFrom(text: string): ListenAddress | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const { six, four, port } = match?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) return undefined;
  if (six !== undefined) return isIP(six) === 6 ? { host: six, port: Number(port) } : undefined;
  return four !== undefined && (isIP(four) === 4 || four === "localhost")
    ? { host: four, port: Number(port) }
    : undefined;
}

/** The text that `listenAddressFrom` reads. */
export function listenText(address: ListenAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Can only this machine reach what listens there? */
export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  return loopback.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

/** How an engine is reached: over a socket, over TCP, or over TCP where the address itself asks for TLS. */
export type EngineTransport = "socket" | "tcp" | "tls";

/**
 * The transport that an engine's address means; undefined where it is no address. Understood are `unix:///path`,
 * `tcp://host:port` and `http://host:port` (TLS only with `ca_file` or `cert_file`), and `https://host:port`.
 */
export function engineTransportOf(host: string): EngineTransport | undefined {
  if (host.startsWith("unix://")) return /^unix:\/\/\/./.test(host) ? "socket" : undefined;
  const scheme = /^(?<scheme>tcp|https?):\/\//.exec(host)?.groups?.["scheme"];
  // As http, for the URL parser only checks the host name of the schemes that it knows.
  const url = scheme === undefined ? null : URL.parse(host.replace(/^tcp:/, "http:"));
  if (url === null || url.hostname === "" || url.username !== "" || url.password !== "") return undefined;
  if (url.search !== "" || url.hash !== "") return undefined;
  return scheme === "https" ? "tls" : "tcp";
}

/** A broker's address with the credentials that stood in it taken out. */
export interface BrokerUrl {
  readonly url: string;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

/** Reads `mqtt://`, `mqtts://`, `ws://` or `wss://`, with `user:password@` or without; undefined for anything else. */
export function brokerUrlFrom(text: string): BrokerUrl | undefined {
  const url = URL.parse(text);
  const scheme = url?.protocol.slice(0, -1) ?? "";
  if (url === null || url.hostname === "" || !["mqtt", "mqtts", "ws", "wss"].includes(scheme)) return undefined;
  if (url.hash !== "") return undefined;
  if (scheme.startsWith("mqtt") && (url.search !== "" || !["", "/"].includes(url.pathname))) return undefined;
  const { username, password } = url;
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    tls: scheme === "mqtts" || scheme === "wss",
    ...(username === "" ? {} : { username: decoded(username) }),
    ...(password === "" ? {} : { password: decoded(password) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
