import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { autoUpdatePolicy } from "../src/core/auto-update.ts";
import type { Container } from "../src/core/container.ts";
import type { NodeNews, ServedNode } from "../src/core/doors.ts";
import type { ContainerSummary, ImageSummary } from "../src/core/engine-answers.ts";
import type { Command, Outcome } from "../src/core/operation.ts";
import { planRestore } from "../src/core/restore.ts";
import type { CheckRecord } from "../src/core/update-status.ts";
import type { Vault } from "../src/core/vault.ts";
import { type DoorsDependencies, openDoors } from "../src/doors.ts";
import { openVault } from "../src/files/backup/vault.ts";
import { openHistory } from "../src/files/history.ts";
import { openNetworkFiles } from "../src/files/network-files.ts";
import { openSettings } from "../src/files/settings.ts";
import { createInventory } from "../src/inventory/store.ts";
import { createListeners } from "../src/lib/listeners.ts";
import { createLocks } from "../src/lib/locks.ts";
import { createLog, createSecrets, type Secrets } from "../src/lib/log.ts";
import { systemClock } from "../src/lib/time.ts";
import { createDeletions } from "../src/operations/deletions.ts";
import { createNetworkShelf } from "../src/operations/networks.ts";
import { createRunner, type Order, type Procedures } from "../src/operations/runner.ts";
import { loaded } from "./configuration.ts";
import { engineData } from "./engine-data.ts";
import { networkData } from "./network-data.ts";

/** A served engine that is data only: a real inventory and a real runner, whose procedures do what a test says. */
export interface DataNode extends ServedNode {
  /** What the next operations do; by default they end at once as `done`. */
  act: (command: Command, order: Order, signal: AbortSignal) => Promise<Outcome>;
  images: () => Promise<readonly ImageSummary[]>;
  /** What the engine says when it is asked for its containers. */
  list: () => Promise<readonly ContainerSummary[]>;
  brokerConnected: boolean;
}

/** The HTTP doors on data, listening on a free port. */
export interface HttpBed extends AsyncDisposable {
  readonly origin: string;
  /** The addresses of all listeners, in the order of the configuration. */
  readonly origins: readonly string[];
  readonly nodes: readonly DataNode[];
  readonly log: () => readonly Readonly<Record<string, unknown>>[];
  readonly secrets: Secrets;
  readonly directory: string;
  readonly tell: (node: string, news: NodeNews) => void;
  readonly get: (path: string, asked?: Asked) => Promise<HttpAnswer>;
  /** `body` becomes JSON. */
  readonly post: (path: string, body?: unknown, asked?: Asked) => Promise<HttpAnswer>;
}

/** What a request has besides its path, which goes out letter by letter. */
export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Where it comes from: any address of 127.0.0.0/8. */
  readonly from?: string;
  /** The origin of another listener. */
  readonly origin?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined where the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface HttpBedOptions {
  /** The section `http`, as YAML in flow style; it listens on any port of 127.0.0.1, unless it says otherwise. */
  readonly http?: string;
  readonly nodes?: readonly string[];
  /** The id of the container that Gangway takes for its own. */
  readonly ownContainerId?: string;
  /** Of an earlier bed, whose settings go on. */
  readonly directory?: string;
}

export const digests = { old: `sha256:${"a".repeat(64)}`, new: `sha256:${"b".repeat(64)}` };

export function containerOf(name: string, more: Partial<Container> = {}): Container {
  return {
    name,
    id: name.padEnd(64, "0"),
    image: `registry.example/${name}:1`,
    imageId: digests.old,
    repoDigests: [`registry.example/${name}@${digests.old}`],
    state: "running",
    health: "healthy",
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: null,
    restartCount: 0,
    exitCode: null,
    labels: {},
    ...more,
  };
}

function checkOf(name: string, status: "up_to_date" | "update_available"): CheckRecord {
  return {
    status,
    verdict: status,
    reason: "The registry said so.",
    checkedAt: "2026-01-02T00:00:00Z",
    imageId: digests.old,
    reference: `registry.example/${name}:1`,
    latestDigest: status === "up_to_date" ? digests.old : digests.new,
  };
}

/** Three containers: `web` (with an update), `db` (without), `off` (stopped, never checked). */
function dataNode(
  name: string,
  { vault, directory }: { readonly vault: Vault; readonly directory: string },
  onNews: (news: NodeNews) => void,
  log: DoorsDependencies["surroundings"]["log"],
): DataNode {
  const inventory = createInventory();
  let operations = 0;
  const procedure = (command: Command, order: Order, signal: AbortSignal) => node.act(command, order, signal);
  const kinds =
    "update recreate rollback update_all start stop restart pause unpause check auto_update rediscover prune backup backup_all restore";
  const locks = createLocks();
  const runner = createRunner({
    inventory,
    procedures: Object.fromEntries(kinds.split(" ").map((kind) => [kind, procedure])) as unknown as Procedures,
    scopeOf: () => Promise.resolve([]),
    locks,
    parallel: 1,
    newOperation: () => (++operations).toString(16).padStart(8, "0"),
    ready: Promise.resolve(),
    onResult: (result, joined) => onNews({ kind: "result", result, joined }),
    clock: systemClock,
    log,
  });
  const none = { all: () => Promise.resolve([]) };
  const node: DataNode = {
    name,
    inventory,
    operations: runner,
    engine: { ...engineData(inventory), images: () => node.images(), list: () => node.list() },
    deletions: createDeletions({
      ...{ engine: { ...engineData(inventory), list: () => node.list() }, operations: runner, locks },
      ...{ journal: none, backupJournal: none, restoreJournal: none, ownContainerId: undefined },
    }),
    backups: {
      ...{ list: vault.list, remove: vault.remove, pathOf: vault.pathOf, archive: vault.archive },
      receive: (upload, signal) => vault.receive({ ...upload, most: 1e6 }, signal),
      preview: async ({ file, container, volumes = "same", ports = {} }, signal) => {
        const backup = await vault.planOf(file, signal);
        const existing = { containers: [], volumes: new Set<string>(), networks: new Set<string>() };
        return { backup, decision: planRestore(backup, { container, volumes, ports, start: true }, existing) };
      },
    },
    networks: createNetworkShelf({
      ...{ engine: networkData(), networkFiles: openNetworkFiles(directory), node: name, clock: systemClock, log },
    }),
    autoUpdateOf: (entry) => autoUpdatePolicy(entry, { enabled: false, images: [] }),
    isBrokerConnected: () => node.brokerConnected,
    brokerConnected: true,
    act: () => Promise.resolve({ state: "done", message: "It is done." }),
    list: () =>
      Promise.resolve(
        inventory
          .all()
          .map(({ container: { id, name: called, state, imageId } }) => ({ id, name: called, state, imageId })),
      ),
    images: () =>
      Promise.resolve([
        { id: digests.old, tags: ["registry.example/web:1"], digests: [], createdMs: 0 },
        { id: digests.new, tags: [], digests: [], createdMs: 1_000 },
      ]),
  };
  inventory.setEngine({
    ...{ hostName: name, version: "26.1.5", apiVersion: "1.45", containerdStore: false, insecureRegistries: [] },
  });
  inventory.putContainer(containerOf("web"), checkOf("web", "update_available"));
  inventory.putContainer(containerOf("db"), checkOf("db", "up_to_date"));
  inventory.putContainer(containerOf("off", { state: "exited", health: "none", exitCode: 137, startedAt: null }));
  return node;
}

function shelvesIn(directory: string, node: string) {
  return { directory, vault: openVault(directory, undefined, node) };
}

export async function openHttpBed(options: HttpBedOptions = {}): Promise<HttpBed> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "gangway-http-")));
  const lines: Record<string, unknown>[] = [];
  const secrets = createSecrets();
  const output = { write: (text: string) => lines.push(JSON.parse(text) as Record<string, unknown>) };
  const log = createLog({ level: "debug", output, secrets });
  const http = options.http ?? "{ enabled: true, auth: false }";
  const imageDefaults = { http: { listen: "127.0.0.1:0" } };
  const config = loaded({ secrets, yaml: `http: ${http}\n`, imageDefaults });
  const files = { onDamage: () => {}, onFailure: () => {}, onTakeOver: () => {} };
  const stack = new AsyncDisposableStack();
  if (options.directory === undefined) stack.defer(() => rm(directory, { recursive: true }));
  const history = stack.use(await openHistory(join(directory, "history.json"), files));
  const settingsPath = join(directory, "settings.json");
  const settings = await openSettings(settingsPath, files);
  const news = createListeners<readonly [string, NodeNews]>();
  news.subscribe(([node, told]) => {
    if (told.kind === "result" && !told.joined) history.add({ ...told.result, node });
  });
  const nodes = (options.nodes ?? ["nas"]).map((name) =>
    dataNode(name, shelvesIn(join(directory, "backups", name), name), (told) => news.tell([name, told]), log),
  );
  const surroundings: DoorsDependencies["surroundings"] = {
    ...{ log, secrets, clock: systemClock, version: "1.2.3", dockerConfigPath: "" },
    ownContainerId: options.ownContainerId,
    ...{ dockerAuthConfig: undefined, environment: {}, proxies: { except: "" } },
    readFile: () => "",
    usage: () => ({ cpuSeconds: 1.5, residentBytes: 100, heapUsedBytes: 50, startedAt: 1_700_000_000 }),
  };
  const running = nodes.map((node) => ({ isReady: () => true, served: () => node, ended: Promise.resolve() }));
  await openDoors(
    { config, surroundings, settingsPath, access: settings.access, history, nodes: running, news },
    stack,
  );
  const origins = lines
    .filter(({ msg }) => msg === "HTTP server listens")
    .map(
      ({ host, port }) => `http://${String(host).includes(":") ? `[${String(host)}]` : String(host)}:${String(port)}`,
    );
  const [origin = ""] = origins;
  const get: HttpBed["get"] = (path, asked) => askHttp(asked?.origin ?? origin, path, asked);
  return {
    ...{ origin, origins, nodes, secrets, directory, get },
    log: () => lines,
    tell: (node, told) => news.tell([node, told]),
    post: (path, body, asked = {}) => {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...asked.headers };
      return get(path, { method: "POST", ...json, ...asked, headers });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** One request on a connection of its own. */
export async function askHttp(origin: string, path: string, asked: Asked = {}): Promise<HttpAnswer> {
  const { hostname, port } = new URL(origin);
  const outgoing = request({
    ...{ host: hostname.replace(/^\[|\]$/g, ""), port, path, agent: false },
    ...(asked.from === undefined ? {} : { localAddress: asked.from }),
    method: asked.method ?? "GET",
    headers: asked.headers ?? {},
  });
  // An answer can come, and the connection end, before all of a body has gone out.
  outgoing.on("error", () => {});
  outgoing.end(asked.body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text: body, json: objectIn(body) };
}

function objectIn(body: string): HttpAnswer["json"] {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as HttpAnswer["json"]) : undefined;
  } catch {
    return undefined;
  }
}
