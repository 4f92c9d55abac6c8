import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { extract, type Headers, pack } from "tar-stream";
import type { ContainerFile, FileStat } from "../core/inspect.ts";
import { GangwayError } from "../lib/errors.ts";
import { statusOf } from "./errors.ts";
import { pathStat } from "./schema.ts";

/** `fs.ModeType` of Go: the bits that no regular file has. */
const typeBits = 0x8f28_0000;

/** `HEAD /containers/{id}/archive`; undefined where there is nothing at `path`. */
export async function statIn(
  docker: Docker,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<FileStat | undefined> {
  try {
    const answer = (await docker
      .getContainer(container)
      .infoArchive({ path, abortSignal: signal } as object)) as IncomingMessage;
    answer.resume();
    const header = String(answer.headers["x-docker-container-path-stat"]);
    const { size, mode, mtime } = pathStat.parse(JSON.parse(Buffer.from(header, "base64").toString("utf8")));
    return { isRegular: (mode & typeBits) === 0, bytes: size, modifiedAt: mtime };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** `GET /containers/{id}/archive`: while it is read, the engine does nothing else with the container. */
export async function readFileFrom(
  docker: Docker,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<ContainerFile> {
  const options = { path, abortSignal: signal } as object as { readonly path: string };
  const archive = (await docker.getContainer(container).getArchive(options)) as Readable;
  try {
    const file = await fileIn(archive, path);
    if (file !== undefined) return file;
  } finally {
    archive.destroy();
  }
  throw new GangwayError("engine_conflict", `${path} is no regular file any more`);
}

/** `PUT /containers/{id}/archive`. The owners are as the files have them: the engine is not to map them to its user. */
export async function writeFilesTo(
  docker: Docker,
  container: string,
  files: readonly ContainerFile[],
  modifiedAt: number,
  signal: AbortSignal,
): Promise<void> {
  const archive = await archiveOf(files, modifiedAt);
  await docker
    .getContainer(container)
    .putArchive(archive, { path: "/", abortSignal: signal } as object as { path: "/" });
}

/** tar-stream reads and writes these members as well. */
interface Member extends Headers {
  /** The records of a POSIX extended header: what does not fit the plain one, such as an owner beyond 2^21. */
  readonly pax?: Readonly<Record<string, string>>;
}

/** The first file of a tar archive, as the one at `path`; undefined where there is none. */
export async function fileIn(archive: Readable, path: string): Promise<ContainerFile | undefined> {
  let file: ContainerFile | undefined;
  const extraction = extract();
  extraction.on("entry", ({ type, mode = 0, uid = 0, gid = 0, pax }: Member, body, next) => {
    buffer(body).then((content) => {
      const owner = { uid: Number(pax?.["uid"] ?? uid), gid: Number(pax?.["gid"] ?? gid) };
      if (type === "file") file ??= { path, content, mode, ...owner };
      next();
    }, next);
  });
  await pipeline(archive, extraction);
  return file;
}

/** A tar archive of files, relative to the root. */
export async function archiveOf(files: readonly ContainerFile[], modifiedAt: number): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, mode, uid, gid } of files) {
    const member: Member = {
      name: path.slice(1),
      // With the bit of a regular file: without any, the library would take its own.
      mode: mode | 0o10_0000,
      mtime: new Date(modifiedAt),
      pax: { uid: `${uid}`, gid: `${gid}` },
    };
    archive.entry(member, content);
  }
  archive.finalize();
  return await buffer(archive);
}
