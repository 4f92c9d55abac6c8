import PQueue from "p-queue";
import { type Container, isoSeconds } from "../core/container.ts";
import { canonicalText, type ImageReference } from "../core/image-reference.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Entry, Inventory, Registry } from "../core/ports.ts";
import {
  type CheckQuestion,
  installedDigestOf,
  type LocalImage,
  questionFor,
  type RemoteAnswer,
  recordAfter,
  statusFrom,
} from "../core/update-status.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { shuffled } from "../lib/shuffle.ts";
import type { Clock } from "../lib/time.ts";

export interface CheckDependencies {
  readonly engine: Pick<Engine, "inspectImage">;
  /** Asked everything at once: it has its own way of taking turns. */
  readonly registry: Pick<Registry, "digestOf">;
  readonly inventory: Pick<Inventory, "all" | "get" | "setCheck" | "setCheckTimes">;
  readonly clock: Clock;
  /** Told once in a check of each registry that wants to be left alone for a while, and why. */
  readonly onLimited: (registry: string, reason: string) => void;
}

const parallelImageInspects = 8;

interface Question {
  readonly container: Container;
  readonly question: CheckQuestion;
}

/**
 * Finds out which containers have a newer image at their registry. Every distinct image is inspected once and every
 * distinct reference asked about once, whatever the number of containers; a container's status is set as soon as its own
 * answer is there.
 */
export async function checkForUpdates(
  deps: CheckDependencies,
  command: Extract<Command, { readonly kind: "check" }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { inventory, clock } = deps;
  const one = command.container === undefined ? undefined : inventory.get(command.container);
  if (command.container !== undefined && one === undefined) {
    return { state: "rejected", message: `There is no container named ${command.container}.` };
  }
  // By chance: where a registry stops answering in the middle, it must not always be the same ones that go without.
  const entries = one === undefined ? shuffled(inventory.all()) : [one];
  const questions = await questionsFor(deps, entries, signal);
  const answers = answersBy(deps, signal);
  await Promise.all(
    questions.map(async ({ container, question }) => {
      const found = await resolve(question, answers);
      signal.throwIfAborted();
      const subject = {
        imageId: container.imageId,
        reference: container.image,
        checkedAt: isoSeconds(clock.now()),
      };
      const current = inventory.get(container.name);
      if (current?.container.imageId !== container.imageId) return;
      inventory.setCheck(container.name, recordAfter(current.check, found, subject));
    }),
  );
  if (one === undefined) inventory.setCheckTimes({ lastCheck: isoSeconds(clock.now()) });
  return { state: "done", message: summaryOf(inventory, entries) };
}

async function questionsFor(
  deps: CheckDependencies,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<readonly Question[]> {
  const queue = new PQueue({ concurrency: parallelImageInspects });
  const images = new Map<string, Promise<LocalImage | undefined>>();
  const localOf = ({ imageId, repoDigests }: Container): Promise<LocalImage | undefined> => {
    const known = images.get(imageId) ?? queue.add(() => localImage(deps.engine, { imageId, repoDigests }, signal));
    images.set(imageId, known);
    return known;
  };
  const faults: unknown[] = [];
  const questions = await Promise.all(
    entries.map(async ({ container }) => {
      try {
        return { container, question: questionFor(container.image, await localOf(container)) };
      } catch (error) {
        signal.throwIfAborted();
        faults.push(error);
        return { container, question: questionAfter(error, container.image) };
      }
    }),
  );
  const away = faults.filter((fault) => isErrorWithCode(fault, "engine_unreachable"));
  const [fault] = away;
  if (fault !== undefined && away.length === entries.length) throw fault;
  return questions;
}

/** One image that the engine can't tell about says nothing of the others. */
function questionAfter(error: unknown, image: string): CheckQuestion {
  const question = questionFor(image, undefined);
  if (question.kind !== "settled" || question.status !== "unknown_local_digest") return question;
  return { ...question, reason: `The engine could not tell about the container's image: ${messageOf(error)}` };
}

/**
 * What the engine knows of an image now: a later pull can have given it more digests. Where the engine has dropped the
 * record since (the containerd store does when the tag moves on), what it said when the container was first seen.
 */
async function localImage(
  engine: CheckDependencies["engine"],
  seen: Pick<Container, "imageId" | "repoDigests">,
  signal: AbortSignal,
): Promise<LocalImage | undefined> {
  try {
    const { Id: id, RepoDigests: repoDigests } = await engine.inspectImage(seen.imageId, signal);
    return { id, repoDigests };
  } catch (error) {
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
    return seen.repoDigests.length === 0 ? undefined : { id: seen.imageId, repoDigests: seen.repoDigests };
  }
}

type Ask = (reference: ImageReference) => Promise<RemoteAnswer>;

/** Asks the registry, once for each distinct reference. */
function answersBy({ registry, onLimited }: CheckDependencies, signal: AbortSignal): Ask {
  const limited = new Set<string>();
  const answers = new Map<string, Promise<RemoteAnswer>>();
  const ask = async (reference: ImageReference): Promise<RemoteAnswer> => {
    try {
      return { kind: "digest", digest: await registry.digestOf(reference, signal) };
    } catch (error) {
      if (signal.aborted) throw error;
      if (isErrorWithCode(error, "registry_limited") && !limited.has(reference.registry)) {
        limited.add(reference.registry);
        onLimited(reference.registry, messageOf(error));
      }
      return { kind: "error", reason: messageOf(error) };
    }
  };
  return (reference) => {
    const name = canonicalText(reference);
    const answer = answers.get(name) ?? ask(reference);
    answers.set(name, answer);
    return answer;
  };
}

async function resolve(question: CheckQuestion, ask: Ask): Promise<Parameters<typeof recordAfter>[1]> {
  if (question.kind === "settled") return question;
  const found = statusFrom(question.reference, question.local, await ask(question.reference));
  const installedDigest = installedDigestOf(question.reference, question.local, found.latestDigest);
  return { ...found, ...(installedDigest === undefined ? {} : { installedDigest }) };
}

function summaryOf(inventory: CheckDependencies["inventory"], entries: readonly Entry[]): string {
  const checks = entries.flatMap(({ container }) => inventory.get(container.name)?.check ?? []);
  const count = (status: string): number => checks.filter((check) => check.status === status).length;
  const available = count("update_available");
  const certain = available + count("up_to_date");
  const unknown = checks.length - certain;
  return `${entries.length} checked: ${available} with an update, ${unknown} that could not be told.`;
}
