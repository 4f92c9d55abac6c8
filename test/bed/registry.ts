import { writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { makeCertificate } from "./certificate.ts";
import { startDaemon } from "./daemon.ts";
import { type Access, createGate } from "./registry-access.ts";
import { type Backend, openFront, type RegistryFront } from "./registry-front.ts";
import { eventually } from "./wait.ts";

/** A Docker registry on 127.0.0.1 whose requests are counted and whose answers can be spoiled. */
export interface BedRegistry extends Omit<RegistryFront, "accept" | "close"> {
  /** As it stands in image references: `127.0.0.1:<port>`. */
  readonly host: string;
  readonly url: string;
  /** The certificate authority to trust, PEM; only with TLS. */
  readonly caFile: string | undefined;
  /** A request to the registry itself: not counted, never spoiled, needs no credentials. */
  readonly ask: (question: Question) => Promise<Reply>;
}

export interface RegistryOptions {
  /** Who may come in; everybody, if absent. */
  readonly access?: Access;
  readonly tls?: boolean;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** With the bed's own ways to it: for connections made inside an engine's network namespace. */
export interface OpenRegistry {
  readonly registry: BedRegistry;
  readonly port: number;
  readonly accept: (socket: Socket) => void;
  readonly close: () => Promise<void>;
}

/** Starts Debian's docker-registry on a socket in `directory`, and a counting front on a free port before it. */
export async function openRegistry(directory: string, options: RegistryOptions = {}): Promise<OpenRegistry> {
  const socketPath = join(directory, "registry.sock");
  const configFile = join(directory, "registry.yml");
  await writeFile(configFile, configText(directory, socketPath));
  const daemon = await startDaemon({
    directory,
    name: "registry",
    command: "docker-registry",
    args: ["serve", configFile],
  });
  const isReady = () => {
    if (!daemon.isRunning()) throw new Error(`the registry ended at its start:\n${daemon.log()}`);
    return ask({ socketPath }, { method: "GET", path: "/v2/" }).then(
      () => true,
      () => false,
    );
  };
  await eventually(isReady, "the registry to answer", 20_000);
  return frontRegistry({ socketPath }, directory, options);
}

/** Puts the counting front before a registry that runs already. */
export async function frontRegistry(
  backend: Backend,
  directory: string,
  options: RegistryOptions,
): Promise<OpenRegistry> {
  const certificate = options.tls === true ? await makeCertificate(directory) : undefined;
  const gate = options.access === undefined ? undefined : createGate(options.access);
  const front = await openFront({ backend, gate, certificate });
  const host = `127.0.0.1:${front.port}`;
  const { accept, close, port, ...controls } = front;
  return {
    registry: {
      ...controls,
      port,
      host,
      url: `${certificate === undefined ? "http" : "https"}://${host}`,
      caFile: certificate?.caFile,
      ask: (question) => ask(backend, question),
    },
    port,
    accept,
    close,
  };
}

function configText(directory: string, socketPath: string): string {
  return JSON.stringify({
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(directory, "registry") }, delete: { enabled: true } },
    http: { net: "unix", addr: socketPath },
  });
}

function ask(backend: Backend, { method, path, headers, body }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...backend, method, path, headers: { host: "registry", ...headers } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
