import type { AutoUpdatePolicy } from "../core/auto-update.ts";
import { isoSeconds } from "../core/container.ts";
import { eventFrom, eventsFrom, type NodeEvent } from "../core/node-event.ts";
import type { Command, OperationResult } from "../core/operation.ts";
import type { BrokerListener, BrokerMessage, Entry, Inventory, InventoryChange, Operations } from "../core/ports.ts";
import type { RestoreOrder, RestoreWanted } from "../core/restore-order.ts";
import type { Log } from "../lib/log.ts";
import { every, pause } from "../lib/time.ts";
import { type Heard, parseCommand } from "./commands.ts";
import type { ComponentLedger } from "./components.ts";
import { createDepartures, type Departures, type DeviceLedger } from "./departures.ts";
import type { DeviceContext } from "./discovery.ts";
import { createLateEvents, type NewsLedger } from "./late-events.ts";
import { createPresence } from "./presence.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { eventMessage, resultMessage } from "./state.ts";
import type { Sweep } from "./sweep.ts";

export interface BridgeDependencies {
  readonly inventory: Inventory;
  readonly operations: Operations;
  readonly ledger: DeviceLedger & ComponentLedger & NewsLedger;
  readonly sweep: Sweep;
  readonly context: DeviceContext;
  readonly autoUpdateOf: (entry: Entry) => AutoUpdatePolicy;
  /** Looks up the backup that a restore means, and whether it may be asked for. */
  readonly orderRestore: (wanted: RestoreWanted) => Promise<RestoreOrder>;
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
  /** Publishes the end of an operation, whoever asked for it; of one that was joined, without an event of its own. */
  readonly announce: (result: OperationResult, joined?: boolean) => void;
  /** Publishes everything again. */
  readonly rediscover: () => void;
}

/** After its birth Home Assistant is busy, and several bridges answering in the same moment would not help. */
const birthDelayMs = { least: 1_000, most: 5_000 };
const mostRetireMs = 60_000;
const leastRetireMs = 1_000;
/** The node's totals follow any change; a burst of changes is told once. */
const nodeDelayMs = 100;
const nodeStatsDelayMs = 1_000;

/** Publishes what changes in the inventory, and turns messages into commands, until `signal` aborts. */
export function createBridge(deps: BridgeDependencies, signal: AbortSignal): Bridge {
  const { inventory, context, settings, log } = deps;
  const departures = createDepartures(deps.ledger, settings.graceMs, deps.now);
  const presence = createPresence(deps.now);
  let publisher: Publisher | undefined;
  const show = createShow({ inventory, departures, current: () => publisher }, signal);
  const struckOff = (name: string): void => {
    if (departures.strike(name)) log.info({ container: name }, "container is gone for good, its device was removed");
  };
  const late = createLateEvents(deps.ledger);
  const happened = (event: NodeEvent): void => {
    const { type, container } = event;
    if (container !== null && (type === "updated" || type === "container_removed")) late.forget(container);
    publisher?.event(eventMessage(event, isoSeconds(deps.now())));
  };
  const subscription = inventory.subscribe((change) => {
    show(change);
    const isChanged = change.kind === "changed";
    for (const event of eventsFrom(change, inventory.node().isCounted === true)) {
      if (isChanged && event.type === "update_available") late.found(change.after, isoSeconds(deps.now()));
      else happened(event);
    }
    if (isChanged || change.kind === "added") late.look(change.after);
  });
  signal.addEventListener("abort", () => subscription[Symbol.dispose]());
  void every(
    Math.min(mostRetireMs, Math.max(leastRetireMs, settings.graceMs)),
    () => {
      if (settings.discovery && !presence.wouldHear()) return Promise.resolve();
      for (const name of departures.due()) publisher?.retire(name, () => struckOff(name));
      return Promise.resolve();
    },
    signal,
  );

  const answerBirth = createBirthAnswer(() => publisher?.againPaced(), log, signal);
  const { discovery, birthTopic } = settings;

  return {
    onSession: (session) => {
      const opened = openPublisher(session, { ...deps, departed: departures.departed, discovery });
      publisher = opened;
      publisher.everything();
      late.begin((event, time, onTaken) => opened.event(eventMessage(event, time), onTaken));
      for (const entry of inventory.all()) late.look(entry);
      presence.begin();
      const { keeps: isWanted, clear } = publisher;
      deps.sweep.begin(session, { isComplete: () => inventory.node().isCounted === true, isWanted, clear });
      const listen = (filters: readonly string[], kind: "all" | "live"): void => {
        session.subscribe(filters, kind).catch((error: unknown) => {
          if (!session.closed.aborted) log.error({ err: error, filters }, "messages cannot be received");
        });
      };
      listen(context.topics.commandFilters, "all");
      // A birth that the broker keeps is an old one: everything has just been published.
      if (discovery) listen([birthTopic], "live");
    },
    onMessage: (message) => {
      if (message.topic === birthTopic) {
        presence.hear(message.payload);
        if (message.payload === "online" && !message.retained) answerBirth();
      } else if (context.topics.parseCommand(message.topic) === undefined) {
        deps.sweep.hear(message);
      } else {
        obey(deps, message, () => publisher);
      }
    },
    announce: (result, joined = false) => {
      publisher?.tell(context.topics.result, resultMessage(result));
      const event = joined ? undefined : eventFrom(result);
      if (event !== undefined) happened(event);
    },
    rediscover: () => publisher?.again(),
  };
}

interface ShowDependencies {
  readonly inventory: Inventory;
  readonly departures: Departures;
  /** The publisher of the session that stands, if one does. */
  readonly current: () => Publisher | undefined;
}

/** What a change of the inventory changes on the topics. */
function createShow(
  { inventory, departures, current }: ShowDependencies,
  signal: AbortSignal,
): (change: InventoryChange) => void {
  const nodeSoon = createSoon(nodeDelayMs, () => current()?.node(), signal);
  const nodeStatsSoon = createSoon(nodeStatsDelayMs, () => current()?.nodeStats(), signal);
  return (change: InventoryChange): void => {
    switch (change.kind) {
      case "added":
      case "changed":
        departures.arrived(change.name);
        current()?.container(change.after);
        break;
      case "removed":
        departures.left(change.name, change.before);
        current()?.gone(change.name);
        break;
      case "metrics":
        current()?.stats(change.name, change.metrics);
        nodeStatsSoon();
        return;
      case "node":
        if (change.after.engine !== undefined && change.before.engine === undefined) {
          departures.takeStock(inventory.all().map(({ container }) => container.name));
          for (const { name } of departures.departed()) current()?.gone(name);
        }
        current()?.engine();
        break;
      default:
        change satisfies never;
    }
    nodeSoon();
  };
}

/** Publishes everything a while after a birth; births that come meanwhile have the same answer. */
function createBirthAnswer(publish: () => Promise<void> | undefined, log: Log, signal: AbortSignal): () => void {
  let isWaiting = false;
  const answer = async (): Promise<void> => {
    await pause(birthDelayMs.least + Math.random() * (birthDelayMs.most - birthDelayMs.least), signal);
    isWaiting = false;
    log.info({}, "Home Assistant has started, everything is published again");
    await publish();
  };
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    void answer();
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
  const refuse = (refusal: Refusal): void => {
    log.warn({ topic, reason: refusal.message }, "command refused");
    const result = refusalMessage(refusal, refusal.id ?? deps.newId(), new Date(deps.now()).toISOString());
    publisher()?.tell(context.topics.result, result);
    answer(result);
  };
  const submit = (command: Command, id: string | undefined): void => {
    const { done } = deps.operations.submit(command, "mqtt", id);
    // A joined operation has the id of whoever came first; each gets the answer under the id that it gave.
    void done.then((result) => answer(resultMessage({ ...result, id: id ?? result.id })));
  };
  switch (heard?.kind) {
    case undefined:
      return;
    case "refusal":
      refuse(heard);
      return;
    case "restore": {
      const { id, wanted } = heard;
      void deps.orderRestore(wanted).then((order) => {
        if (order.kind === "command") submit(order.command, id);
        else refuse({ command: "restore", container: wanted.container, id, message: order.message });
      });
      return;
    }
    case "command":
      submit(heard.command, heard.id);
  }
}

type Refusal = Omit<Extract<Heard, { readonly kind: "refusal" }>, "kind">;

function refusalMessage(refusal: Refusal, id: string, time: string): object {
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
