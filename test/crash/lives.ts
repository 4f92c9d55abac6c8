import type { EngineCall, Verdict } from "../bed/engine-proxy.ts";
import { eventually } from "../bed/wait.ts";
import type { GangwayProcess } from "../gangway.ts";
import type { Strike, Victim } from "./cases.ts";
import type { Round } from "./round.ts";

type Json = Readonly<Record<string, unknown>>;
const parse = (payload: string | undefined): Json => JSON.parse(payload ?? "{}") as Json;

const patience = 120_000;
const holdTag = /^\/images\/[^?]*gangway(?:\/|%2F)keep:([0-9a-f]{8})(?:\?|$)/;

/** A changing call by its kind, as the first words in the lists of calls. */
function kindOf({ method, path }: EngineCall): string {
  const [, place = "", , deed = ""] = path.replace(/\?.*/, "").split("/");
  if (path.startsWith("/images/create")) return "pull";
  if (path.startsWith("/containers/create")) return "create";
  if (method === "DELETE") return place === "images" ? "untag" : "remove";
  return place === "images" ? "tag" : deed;
}

/** Tags that hold an image for an operation of this round. */
function heldBy({ proxy }: Round): ReadonlySet<string> {
  const held = proxy.calls().flatMap(({ path }) => {
    const query = new URL(path, "http://engine").searchParams;
    return query.get("repo")?.endsWith("gangway/keep") === true ? [query.get("tag") ?? ""] : [];
  });
  return new Set(held);
}

/**
 * Is it about an operation of another round? Each Gangway takes itself for the only one on its engine, and removes the
 * tags that hold images for nobody.
 */
function isForeign(round: Round, { path }: EngineCall): boolean {
  const operation = holdTag.exec(path)?.[1];
  return operation !== undefined && !heldBy(round).has(operation);
}

/** One life of Gangway, from its start to a strike or to its clean end. */
export interface Life {
  readonly gangway: GangwayProcess;
  /** Resolves when the strike has come as far as it comes by itself; rejects where its call did not come. */
  readonly struck: Promise<void>;
  /** Lets go of the call that is held for the death of the machine. */
  readonly release: () => void;
}

/** What is going to happen in a life. */
export interface Doom {
  readonly victim: Victim;
  readonly strike: Strike;
  readonly isFirst: boolean;
}

/** The changing calls of this round, by their kinds. */
export function observeCalls(round: Round): readonly string[] {
  const kinds: string[] = [];
  round.proxy.onRequest((call) => {
    if (call.change === 0) return "pass";
    if (isForeign(round, call)) return { status: 404, message: "it belongs to another round" };
    kinds.push(kindOf(call));
    return "pass";
  });
  return kinds;
}

/** Starts Gangway, which is to be struck; in its first life it is told to update. */
export async function beginLife(round: Round, { victim, strike, isFirst }: Doom): Promise<Life> {
  const { proxy, client } = round;
  client.clear();
  const gangway = await round.start();
  const reached = Promise.withResolvers<void>();
  const held = Promise.withResolvers<Verdict>();
  const numbers = new Map<number, string>();
  const isStruck = ({ number }: EngineCall): boolean => [...numbers.keys()].indexOf(number) + 1 === strike.number;
  const hit = hitting(victim, gangway, reached, held.promise);

  proxy.onRequest((call) => {
    if (call.change === 0) return "pass";
    if (isForeign(round, call)) return { status: 404, message: "it belongs to another round" };
    numbers.set(call.number, kindOf(call));
    if (!isStruck(call)) return "pass";
    const [kind = ""] = strike.call.split(" ");
    if (kindOf(call) !== kind) reached.reject(new Error(`call ${strike.number} is ${call.path}, not "${strike.call}"`));
    if (strike.moment === "during") void hit();
    return strike.moment === "before" ? hit() : "pass";
  });
  proxy.onResponse((call) => (isStruck(call) && strike.moment === "after" ? hit() : "pass"));

  if (isFirst) await askForUpdate(round);
  const missed = resultOf(round).then(({ message }) => {
    throw new Error(`call ${strike.number} (${strike.call}) did not come: ${String(message)}`);
  });
  missed.catch(() => {});
  return {
    gangway,
    struck: Promise.race([reached.promise, missed]),
    release: () => held.resolve("cut"),
  };
}

/** What happens at the struck call, and what becomes of it. */
function hitting(
  victim: Victim,
  gangway: GangwayProcess,
  reached: PromiseWithResolvers<void>,
  held: Promise<Verdict>,
): () => Promise<Verdict> {
  return async () => {
    if (victim === "gangway") await gangway.kill();
    reached.resolve();
    return victim === "machine" ? await held : "cut";
  };
}

export async function askForUpdate({ node, originals: [{ name }], client }: Round): Promise<void> {
  await client.until(({ retained }) => retained(`gangway/${node}/container/${name}/state`), patience);
  await client.publish(`gangway/${node}/container/${name}/command/update`, "");
}

/** The first result of an update since the client's memory was cleared. */
export async function resultOf({ node, client }: Round): Promise<Json> {
  const topic = `gangway/${node}/result`;
  const isResult = (message: { readonly topic: string; readonly payload: string }): boolean =>
    message.topic === topic && parse(message.payload)["command"] === "update";
  return parse((await client.until(({ messages }) => messages.find(isResult), patience)).payload);
}

/**
 * Starts Gangway once more, undisturbed, waits until it has dealt with what it finds, and ends it. Resolves to what it
 * said, if there was something to deal with.
 */
export async function recover(round: Round): Promise<Json> {
  const hasLeftover = round.journal().length > 0;
  round.client.clear();
  observeCalls(round);
  round.proxy.onResponse(undefined);
  await using gangway = await round.start();
  await gangway.logged(({ msg }) => msg === "engine is online", patience);
  const result = hasLeftover ? await resultOf(round) : {};
  await settle(round);
  await end(gangway);
  return result;
}

/** Waits until nothing is left of the operation but its result. */
export async function settle(round: Round): Promise<void> {
  const { node, originals, client } = round;
  await eventually(() => round.journal().length === 0, "the journal to be empty", patience);
  await eventually(async () => (await heldImages(round)).length === 0, "the image to be let go of", patience);
  for (const { name } of originals) {
    // Its device goes with it.
    if (!(await isThere(round, name))) continue;
    const topic = `gangway/${node}/container/${name}/update`;
    await client.until(({ retained }) => parse(retained(topic))["in_progress"] === false, patience);
  }
}

async function heldImages(round: Round): Promise<readonly string[]> {
  const held = heldBy(round);
  const asked = await Promise.all([...held].map((operation) => isTag(round, `gangway/keep:${operation}`)));
  return [...held].filter((_, index) => asked[index]);
}

async function isThere({ docker }: Round, name: string): Promise<boolean> {
  const list = await docker.listContainers({ all: true });
  return list.some(({ Names }) => Names.includes(`/${name}`));
}

async function isTag({ docker }: Round, tag: string): Promise<boolean> {
  const list = await docker.listImages({ filters: JSON.stringify({ reference: [tag] }) });
  return list.length > 0;
}

export async function end(gangway: GangwayProcess): Promise<void> {
  const code = await gangway.stop();
  if (code !== 0) throw new Error(`Gangway ended with exit code ${String(code)}:\n${gangway.errors()}`);
}
