import { type CheckQuestion, questionFor } from "../core/check-question.ts";
import { isoSeconds } from "../core/container.ts";
import { digestsOf } from "../core/image-identity.ts";
import { parseImageReference, repositoryOf } from "../core/image-reference.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { Engine, Entry, Inventory } from "../core/ports.ts";
import { type Finding, recordAfter } from "../core/update-status.ts";
import { isErrorWithCode, messageOf } from "../lib/errors.ts";
import { shuffled } from "../lib/shuffle.ts";
import type { Clock } from "../lib/time.ts";
import { type Answers, type AnswersDependencies, createAnswers } from "./answers.ts";
import { createLocalImages, type LocalImages } from "./local-images.ts";
import { type VersionSources, versionFindingFor } from "./version-findings.ts";

export interface CheckDependencies extends Omit<AnswersDependencies, "locals"> {
  readonly engine: Pick<Engine, "inspectImage">;
  readonly inventory: Pick<Inventory, "all" | "get" | "node" | "setCheck" | "setCheckTimes">;
  /** Absent: nobody's version tags are tracked. */
  readonly versions?: VersionSources;
  readonly clock: Clock;
}

interface Question {
  readonly entry: Entry;
  readonly question: CheckQuestion;
}

/**
 * Finds out which containers have a newer image at their registry. Every distinct image is inspected once and every
 * distinct reference asked about once, whatever the number of containers; what a digest stands for is read only where it
 * is a new one. A container's status is set as soon as its own answer is there.
 */
export async function checkForUpdates(
  deps: CheckDependencies,
  command: Extract<Command, { readonly kind: "check" }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { engine, inventory, clock } = deps;
  const one = command.container === undefined ? undefined : inventory.get(command.container);
  if (command.container !== undefined && one === undefined) {
    return { state: "rejected", message: `There is no container named ${command.container}.` };
  }
  // By chance: where a registry stops answering in the middle, it must not always be the same ones that go without.
  const entries = one === undefined ? shuffled(inventory.all()) : [one];
  const { containerdStore = false } = inventory.node().engine ?? {};
  const locals = createLocalImages(engine, { containerdStore }, signal);
  const questions = await questionsFor(locals, entries, signal);
  const answers = createAnswers({ ...deps, locals }, signal);
  await Promise.all(
    questions.map(async ({ entry, question }) => {
      const { container } = entry;
      const found =
        question.kind === "settled"
          ? question
          : question.kind === "pinned"
            ? await answers.pinnedFindingFor(question)
            : await findingFor({ ...deps, answers }, entry, question, signal);
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
  if (one === undefined) {
    inventory.setCheckTimes({ lastCheck: isoSeconds(clock.now()) });
    await forgetOthers(deps, answers);
  }
  return { state: "done", message: summaryOf(inventory, entries) };
}

function findingFor(
  { answers, versions }: Pick<CheckDependencies, "versions"> & { readonly answers: Answers },
  { container, check }: Entry,
  question: Extract<CheckQuestion, { readonly kind: "ask" }>,
  signal: AbortSignal,
): Promise<Finding> {
  const wasCertain = check?.verdict !== undefined && check.imageId === container.imageId;
  const tracking = versions?.trackingOf(container);
  if (versions === undefined || tracking === undefined) return answers.findingFor(question, wasCertain);
  const before = check?.imageId === container.imageId && check.reference === container.image ? check : undefined;
  return versionFindingFor({ ...versions, answers }, { question, tracking, before, wasCertain }, signal);
}

async function questionsFor(
  locals: LocalImages,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<readonly Question[]> {
  const faults: unknown[] = [];
  const questions = await Promise.all(
    entries.map(async (entry) => {
      const { image } = entry.container;
      try {
        return { entry, question: questionFor(image, await locals.of(entry)) };
      } catch (error) {
        signal.throwIfAborted();
        faults.push(error);
        return { entry, question: questionAfter(error, image) };
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
 * Forgets what was learnt of digests that nobody has to do with any more. Of a repository with a tag that could not be
 * asked about just now, nothing is forgotten.
 */
async function forgetOthers({ inventory, remoteImages }: CheckDependencies, answers: Answers): Promise<void> {
  const digests = new Set<string>(await answers.digests());
  const uncertain = new Set<string>(await answers.unanswered());
  const repositories = new Set<string>();
  for (const { container, check } of inventory.all()) {
    const reference = parseImageReference(container.image);
    if (reference.kind === "reference") repositories.add(repositoryOf(reference));
    for (const digest of digestsOf({ id: container.imageId, repoDigests: container.repoDigests, isDigestId: true })) {
      digests.add(digest);
    }
    for (const digest of [check?.installedDigest, check?.latestDigest]) if (digest !== undefined) digests.add(digest);
  }
  remoteImages.keep(
    (repository, digest) => repositories.has(repository) && (digests.has(digest) || uncertain.has(repository)),
  );
}

function summaryOf(inventory: CheckDependencies["inventory"], entries: readonly Entry[]): string {
  const checks = entries.flatMap(({ container }) => inventory.get(container.name)?.check ?? []);
  const count = (status: string): number => checks.filter((check) => check.status === status).length;
  const available = count("update_available");
  const certain = available + count("up_to_date");
  const unknown = checks.length - certain;
  return `${entries.length} checked: ${available} with an update, ${unknown} that could not be told.`;
}
