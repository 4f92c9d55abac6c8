import { nameFrom } from "../../../core/container.ts";
import type { DiskUsage } from "../../../core/disk.ts";
import type { ContainerInspect } from "../../../core/inspect.ts";
import { isSuccess } from "../../../core/operation.ts";
import { isErrorWithCode, messageOf } from "../../../lib/errors.ts";
import { deadline, pause } from "../../../lib/time.ts";
import { type Answer, done, ok, refused } from "./answers.ts";
import { type Asked, carriedOut, type MonkeySubject } from "./asked.ts";
import { shortId } from "./container-view.ts";
import { inspectAll } from "./containers.ts";
import { answering, leftAlone } from "./faults.ts";
import { decimalText } from "./texts.ts";

/** The engine adds up files: an answer does not wait longer for that. */
const usageMs = 10_000;
const againMs = 200;

/** Bytes by id; those that the engine does not tell in time are missing. */
async function sizesOf(
  { node }: MonkeySubject,
  part: "image" | "volume",
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const limit = deadline(usageMs, signal);
  let usage: DiskUsage | undefined;
  for (let isBusy = true; isBusy && !limit.aborted; ) {
    isBusy = false;
    usage = await node.engine.usage([part], limit).catch((error: unknown) => {
      // It adds up for one at a time, and fails for the others.
      isBusy = isErrorWithCode(error, "engine_failed");
      return undefined;
    });
    if (isBusy) await pause(againMs, limit);
  }
  const sizes = part === "image" ? usage?.images : usage?.volumes;
  return new Map((sizes ?? []).flatMap(({ id, bytes }) => (bytes === null ? [] : [[id, bytes] as const])));
}

const usersOf = (all: readonly ContainerInspect[], uses: (one: ContainerInspect) => boolean): readonly string[] =>
  all.filter(uses).map(({ Name }) => nameFrom(Name));

/** A volume's options (of CIFS, say) and labels can hold passwords: they are for who has shown a key for secrets. */
export function volumeList(subject: MonkeySubject, { caller, signal }: Asked): Promise<Answer> {
  const maySee = caller?.shown === "admin";
  return answering(async () => {
    const { node, isOwn } = subject;
    const [stored, containers, sizes] = await Promise.all([
      node.engine.volumes(signal),
      inspectAll(subject, signal),
      sizesOf(subject, "volume", signal),
    ]);
    const own = containers.find(({ Id }) => isOwn({ id: Id }));
    const hasIt = (one: ContainerInspect | undefined, name: string): boolean =>
      one?.Mounts.some((mount) => mount.Type === "volume" && mount.Name === name) === true;
    const volumes = await Promise.all(
      stored.map(async ({ name, labels }) => {
        const volume = await node.engine.inspectVolume(name, signal);
        const { Mountpoint = "", CreatedAt = "" } = volume as { Mountpoint?: string; CreatedAt?: string };
        const bytes = sizes.get(name);
        const users = usersOf(containers, (one) => hasIt(one, name));
        return {
          ...{ name, driver: volume.Driver, mountpoint: Mountpoint, is_self: hasIt(own, name) },
          ...{ size: bytes === undefined ? "N/A" : decimalText(bytes), created: CreatedAt },
          ...(maySee ? { labels, options: volume.Options ?? {} } : { labels: {}, options: {} }),
          ...{ in_use: users.length > 0, containers: users },
        };
      }),
    );
    return ok({ volumes });
  });
}

export function deleteVolume(subject: MonkeySubject, { params, closing }: Asked): Promise<Answer> {
  return answering(async () => {
    const { name = "" } = params;
    const refusal = await removeVolume(subject, name, closing);
    if (refusal === undefined) return done("Volume deleted");
    const { inUse, message } = refusal;
    return refused(inUse ? 400 : 500, message, inUse ? { in_use: true, message } : {});
  });
}

export async function deleteVolumes(subject: MonkeySubject, { body, closing }: Asked): Promise<Answer> {
  const { names } = body;
  const isRight = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string");
  if (!isRight) return refused(400, "No volumes named");
  const used: string[] = [];
  const errors: string[] = [];
  for (const name of names as readonly string[]) {
    const refusal = await removeVolume(subject, name, closing);
    if (refusal?.inUse === true) used.push(name);
    else if (refusal !== undefined) errors.push(refusal.message);
  }
  const deleted = names.length - used.length - errors.length;
  return ok({
    ...{ success: deleted > 0, message: `${deleted} volumes deleted`, deleted_count: deleted },
    ...{ errors: errors.length === 0 ? null : errors, in_use_volumes: used.length === 0 ? null : used },
  });
}

/** As the engine has it: nothing in such a name leads anywhere else. */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Undefined where it is gone. */
async function removeVolume(
  { node, log }: MonkeySubject,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly inUse: boolean; readonly message: string } | undefined> {
  if (!volumeName.test(name)) return { inUse: false, message: `No such volume: ${name}` };
  try {
    const deletion = await node.deletions.volume(name, signal);
    if (deletion.kind !== "deleted") return { inUse: true, message: leftAlone(name, deletion) };
    log.info({ volume: name }, "volume was deleted");
    return undefined;
  } catch (error) {
    return { inUse: isErrorWithCode(error, "engine_conflict"), message: messageOf(error) };
  }
}

/** One row for each tag, as `docker images` has it. */
export function imageList(subject: MonkeySubject, { signal }: Asked): Promise<Answer> {
  return answering(async () => {
    const { node, isOwn } = subject;
    const [stored, containers, sizes] = await Promise.all([
      node.engine.storedImages(signal),
      inspectAll(subject, signal),
      sizesOf(subject, "image", signal),
    ]);
    const own = containers.find(({ Id }) => isOwn({ id: Id }))?.Image;
    const images = stored.flatMap(({ id, tags, createdMs }) => {
      const bytes = sizes.get(id);
      const users = usersOf(containers, ({ Image }) => Image === id);
      const created = `${new Date(createdMs).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
      const size = bytes === undefined ? "N/A" : decimalText(bytes);
      const common = { id: shortId(id), size, created };
      const use = { is_self: own === id, in_use: users.length > 0, containers: users };
      return (tags.length === 0 ? ["<none>:<none>"] : tags).map((name) => {
        const colon = name.lastIndexOf(":");
        return { repository: name.slice(0, colon), tag: name.slice(colon + 1), ...common, name, ...use };
      });
    });
    return ok({ images });
  });
}

export function deleteImage({ node, log }: MonkeySubject, { params, signal, closing }: Asked): Promise<Answer> {
  return answering(async () => {
    const { id = "" } = params;
    const wanted = id.startsWith("sha256:") ? id : `sha256:${id}`;
    const [found, another] = (await node.engine.storedImages(signal)).filter((image) => image.id.startsWith(wanted));
    if (found === undefined || another !== undefined || !/^sha256:[0-9a-f]{6,64}$/.test(wanted)) {
      return refused(404, `No such image: ${id}`);
    }
    const deletion = await node.deletions.image(found.id, closing);
    if (deletion.kind !== "deleted") return refused(409, leftAlone(`The image ${id}`, deletion));
    log.info({ image: found.id }, "image was deleted");
    return done("Image deleted");
  });
}

/** `POST /api/cleanup/dangling-images`: a prune as everywhere in Gangway. */
export async function cleanImages(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  const result = await carriedOut(subject, { kind: "prune", what: "images" }, asked);
  if (result === undefined) return { status: 202, body: { success: true, message: "Still under way" } };
  if (!isSuccess(result.state)) return refused(500, result.message);
  const { removed = [], reclaimedBytes = 0 } = result.prune ?? {};
  return done(result.message, { reclaimed_space: decimalText(reclaimedBytes ?? 0), deleted_count: removed.length });
}
