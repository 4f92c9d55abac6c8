import { canonicalText, parseImageReference } from "../core/image-reference.ts";
import { newNameFor, type Retag, type SwapMember } from "../core/journal.ts";
import type { Engine } from "../core/ports.ts";
import { bodyWithNewIds } from "../core/recreate/new-ids.ts";
import { isErrorWithCode } from "../lib/errors.ts";
import { carryFiles } from "./carried-files.ts";

export interface CandidateDependencies {
  readonly engine: Pick<
    Engine,
    "create" | "connect" | "disconnect" | "inspect" | "inspectImage" | "readFile" | "tag" | "untag" | "writeFiles"
  >;
}

export interface CandidateRequest {
  readonly member: SwapMember;
  readonly operation: string;
  /** Ids of new containers by the names that they will have. */
  readonly newIds: ReadonlyMap<string, string>;
  /** Resolves when it is noted which tags are out of their place from now on. */
  readonly noteRetags: (retags: readonly Retag[]) => Promise<void>;
}

/**
 * Creates a new container under its temporary name, in the networks that it belongs to and with the files that the old
 * one was given. Resolves to its id. A container
 * remembers the reference that it was created from: where the local tag names another image than the one that is meant,
 * it is moved for as long as the engine needs to create the container.
 */
export async function createCandidate(
  { engine }: CandidateDependencies,
  { member, operation, newIds, noteRetags }: CandidateRequest,
  signal: AbortSignal,
): Promise<string> {
  const { body, carry, platform, connect, disconnect } = member.plan;
  const request = {
    name: newNameFor(member.container, operation),
    body: bodyWithNewIds(body, newIds),
    ...(platform === undefined ? {} : { platform }),
  };
  const retag = await retagFor(engine, member, signal);
  if (retag !== undefined) {
    await noteRetags([retag]);
    await moveTag(engine, { ...retag, imageId: member.newImageId }, signal);
  }
  signal.throwIfAborted();
  // An abort in the middle would leave it open whether there is a container.
  const { id } = await engine.create(request, new AbortController().signal);
  if (retag !== undefined) {
    await giveBackTag(engine, retag, signal);
    await noteRetags([]);
  }
  for (const { network, endpoint } of connect) await engine.connect(network, id, endpoint, signal);
  for (const network of disconnect) await engine.disconnect(network, id, signal);
  await carryFiles(engine, { from: member.oldId, to: id, paths: carry }, signal);
  return id;
}

/** What the tag of a reference is to be given back to; undefined where it names the right image. */
export async function retagFor(
  engine: Pick<Engine, "inspectImage">,
  { reference, newImageId }: Pick<SwapMember, "newImageId" | "reference">,
  signal: AbortSignal,
): Promise<Retag | undefined> {
  const image = parseImageReference(reference);
  if (image.kind !== "reference" || image.digest !== undefined) return undefined;
  const imageId = await imageIdOf(engine, canonicalText(image), signal);
  return imageId === newImageId ? undefined : { reference: canonicalText(image), imageId };
}

async function imageIdOf(
  engine: Pick<Engine, "inspectImage">,
  image: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return (await engine.inspectImage(image, signal)).Id;
  } catch (error) {
    if (isErrorWithCode(error, "engine_not_found")) return null;
    throw error;
  }
}

/** Lets a tag name an image. */
export async function moveTag(
  engine: Pick<Engine, "tag">,
  { reference, imageId }: { readonly reference: string; readonly imageId: string },
  signal: AbortSignal,
): Promise<void> {
  await engine.tag(imageId, parsed(reference), signal);
}

/** Lets a tag name again what it named before. */
export async function giveBackTag(
  engine: Pick<Engine, "tag" | "untag">,
  { reference, imageId }: Retag,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (imageId === null) await engine.untag(parsed(reference), signal);
    else await engine.tag(imageId, parsed(reference), signal);
  } catch (error) {
    // Its image, or the tag itself, was removed in the meantime.
    if (!isErrorWithCode(error, "engine_not_found")) throw error;
  }
}

function parsed(text: string): Extract<ReturnType<typeof parseImageReference>, { readonly kind: "reference" }> {
  const reference = parseImageReference(text);
  if (reference.kind !== "reference") throw new TypeError(`${text} is not an image reference`);
  return reference;
}
