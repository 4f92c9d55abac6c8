import Docker from "dockerode";
import { GangwayError } from "../lib/errors.ts";

/** Where the engine listens, in the form of `DOCKER_HOST`, with the contents of the TLS files where there are any. */
export interface EngineAddress {
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`, `http://…` or `https://…` */
  readonly host: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Calls that take options, though dockerode's types leave that out. */
interface Asking {
  readonly version: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
  readonly info: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
  readonly ping: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;
}

export function asking(docker: Docker): Asking {
  return docker as unknown as Asking;
}

/**
 * A dockerode client for `address` and nothing else: the environment, which docker-modem reads on its own, is kept out.
 * No agent is given: docker-modem formats all request options for its debug log even when that is off, and an agent's
 * sockets make this ten times dearer.
 */
export function clientFor(address: EngineAddress): Docker {
  const none = { host: undefined, port: undefined, socketPath: undefined, timeout: undefined };
  return new Docker({
    ...none,
    ca: undefined,
    cert: undefined,
    key: undefined,
    ...connectionOptions(address),
  } as Docker.DockerOptions);
}

function connectionOptions(address: EngineAddress): Docker.DockerOptions {
  const { host, ca, cert, key } = address;
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) || "/var/run/docker.sock" };
  const url = URL.parse(host.replace(/^tcp:/, "http:"));
  if (url === null || !/^(?:tcp|https?):/.test(host)) {
    throw new GangwayError(
      "config_invalid",
      `"${host}" is not an engine's address; use unix:///path, tcp://host:port or https://host:port. ` +
        "For SSH, forward the socket: ssh -L /tmp/docker.sock:/var/run/docker.sock HOST",
    );
  }
  const secure = url.protocol === "https:" || ca !== undefined || cert !== undefined;
  return {
    host: url.hostname,
    port: url.port || (secure ? "2376" : "2375"),
    protocol: secure ? "https" : "http",
    ...(url.pathname === "/" ? {} : { pathPrefix: url.pathname }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
