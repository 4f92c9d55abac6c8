import type { OperationResult } from "../core/operation.ts";
import type { BrokerListener, BrokerMessage, Inventory, InventoryChange, Operations } from "../core/ports.ts";
import type { Log } from "../lib/log.ts";
import { every, pause } from "../lib/time.ts";
import { type Heard, parseCommand } from "./commands.ts";
import { createDepartures, type DeviceLedger } from "./departures.ts";
import type { DeviceContext } from "./discovery.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { resultMessage } from "./state.ts";

export interface BridgeDependencies {
  readonly inventory: Inventory;
  readonly operations: Operations;
  readonly ledger: DeviceLedger;
  readonly context: DeviceContext;
  readonly settings: BridgeSettings;
  readonly newId: () => string;
  readonly now: () => number;
  readonly log: Log;
}

export interface BridgeSettings {
  /** False: states and commands only. */
  readonly discovery: boolean;
  readonly birthTopic: string;
  /** How long a vanished container keeps its device. */
  readonly graceMs: number;
}

/** The bridge between the inventory and one node's topics. */
export interface Bridge extends BrokerListener {
  /** Publishes the end of an operation, whoever asked for it. */
  readonly announce: (result: OperationResult) => void;
  /** Publishes everything again. */
  readonly rediscover: () => void;
}

/** After its birth Home Assistant is busy, and several bridges answering in the same moment would not help. */
const birthDelayMs = { least: 1_000, most: 5_000 };
const retireEveryMs = 60_000;
/** The node's totals follow any change; a burst of changes is told once. */
const nodeDelayMs = 100;
const nodeStatsDelayMs = 1_000;

/** Publishes what changes in the inventory, and turns messages into commands, until `signal` aborts. */
export function createBridge(deps: BridgeDependencies, signal: AbortSignal): Bridge {
  const { inventory, context, settings, log } = deps;
  const departures = createDepartures(deps.ledger, settings.graceMs, deps.now);
  let publisher: Publisher | undefined;
  const nodeSoon = createSoon(nodeDelayMs, () => publisher?.node(), signal);
  const nodeStatsSoon = createSoon(nodeStatsDelayMs, () => publisher?.nodeStats(), signal);
  const show = (change: InventoryChange): void => {
    switch (change.kind) {
      case "added":
      case "changed":
        departures.arrived(change.name);
        publisher?.container(change.after);
        break;
      case "removed":
        departures.left(change.name);
        publisher?.gone(change.name);
        break;
      case "metrics":
        publisher?.stats(change.name, change.metrics);
        nodeStatsSoon();
        return;
      case "node":
        if (change.after.engine !== undefined && change.before.engine === undefined) {
          departures.takeStock(inventory.all().map(({ container }) => container.name));
          for (const name of departures.departed()) publisher?.gone(name);
        }
        publisher?.engine();
        break;
      default:
        change satisfies never;
    }
    nodeSoon();
  };
  const subscription = inventory.subscribe(show);
  signal.addEventListener("abort", () => subscription[Symbol.dispose]());
  void every(
    retireEveryMs,
    () => {
      for (const name of departures.due()) {
        log.info({ container: name }, "container is gone for good, its device is removed");
        publisher?.retire(name);
      }
      return Promise.resolve();
    },
    signal,
  );

  const answerBirth = async (): Promise<void> => {
    await pause(birthDelayMs.least + Math.random() * (birthDelayMs.most - birthDelayMs.least), signal);
    log.info({}, "Home Assistant has started, everything is published again");
    await publisher?.againPaced();
  };
  const { discovery, birthTopic } = settings;

  return {
    onSession: (session) => {
      publisher = openPublisher(session, { inventory, context, departed: departures.departed, discovery });
      publisher.everything();
      const filters = [...context.topics.commandFilters, ...(discovery ? [birthTopic] : [])];
      session.subscribe(filters).catch((error: unknown) => {
        if (!session.closed.aborted) log.error({ err: error, filters }, "commands cannot be received");
      });
    },
    onMessage: (message) => {
      if (message.topic !== birthTopic) obey(deps, message, () => publisher);
      else if (message.payload === "online" && !message.retained) void answerBirth();
    },
    announce: (result) => publisher?.tell(context.topics.result, resultMessage(result)),
    rediscover: () => publisher?.again(),
  };
}

/** A call that comes once, a moment after the first of many wishes for it. */
function createSoon(delayMs: number, call: () => void, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      call();
    }, delayMs);
  };
}

/** Turns a message on a command topic into a command, or says why not, on the result topic and to the sender. */
function obey(deps: BridgeDependencies, message: BrokerMessage, publisher: () => Publisher | undefined): void {
  const { inventory, context, log } = deps;
  const { topic, payload, responseTopic, correlationData } = message;
  if (message.retained) {
    // An empty one only clears what was retained.
    if (payload !== "") log.warn({ topic }, "retained command dropped; commands must be sent without retain");
    return;
  }
  const heard = parseCommand(message, context.topics, (name) => inventory.get(name) !== undefined);
  const answer = (result: object): void => {
    if (responseTopic !== undefined) publisher()?.tell(responseTopic, result, correlationData);
  };
  switch (heard?.kind) {
    case undefined:
      return;
    case "refusal": {
      log.warn({ topic, reason: heard.message }, "command refused");
      const result = refusalMessage(heard, heard.id ?? deps.newId(), new Date(deps.now()).toISOString());
      publisher()?.tell(context.topics.result, result);
      answer(result);
      return;
    }
    case "command": {
      const { done } = deps.operations.submit(heard.command, "mqtt", heard.id);
      // A joined operation has the id of whoever came first; each gets the answer under the id that it gave.
      void done.then((result) => answer(resultMessage({ ...result, id: heard.id ?? result.id })));
    }
  }
}

function refusalMessage(refusal: Extract<Heard, { readonly kind: "refusal" }>, id: string, time: string): object {
  return {
    id,
    command: refusal.command,
    container: refusal.container,
    ok: false,
    state: "rejected",
    message: refusal.message,
    from: null,
    to: null,
    started_at: time,
    finished_at: time,
  };
}
