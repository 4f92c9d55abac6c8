import { Readable } from "node:stream";
import { Busboy } from "@fastify/busboy";
import { backupNameFrom } from "../../../core/backup-name.ts";
import { networkFileFrom } from "../../../core/network-file.ts";
import type { Received } from "../../../core/vault.ts";
import { isErrorWithCode, messageOf } from "../../../lib/errors.ts";
import { sendFile } from "../../send-file.ts";
import { type Answer, done, ok, refused } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";
import { answering } from "./faults.ts";

/** `GET /api/download/<filename>` */
export function download({ node }: MonkeySubject, { params, raw }: Asked): Promise<Answer> {
  return answering(async () => {
    const { filename: file = "" } = params;
    const attached = { "content-disposition": `attachment; filename="${file}"` };
    if (networkFileFrom(file) !== undefined) {
      const text = `${JSON.stringify(await node.networks.read(file), null, 2)}\n`;
      return { status: 200, body: Buffer.from(text), headers: { ...attached, "content-type": "application/json" } };
    }
    const { status, headers, body } = await sendFile(raw, await node.backups.pathOf(file));
    if (body !== undefined) return { status, body, headers: { ...headers, ...attached } };
    const error = status === 404 ? "Backup file not found" : "The file is not, or not so long, as was asked for";
    return { ...refused(status, error), headers };
  });
}

interface FormFile {
  readonly name: string;
  readonly content: Readable;
  /** Has the form ended in the middle of it? */
  readonly isBroken: () => boolean;
}

/** The file in the field `file` of a form (RFC 7578), as soon as it begins; undefined where there is none. */
async function fileIn(form: Readable, contentType: string): Promise<FormFile | undefined> {
  const { promise, resolve } = Promise.withResolvers<FormFile | undefined>();
  try {
    const limits = { files: 1, fields: 20, fieldSize: 1024, headerPairs: 20, parts: 25 };
    const reading = new Busboy({ headers: { "content-type": contentType }, limits });
    let found: Readable | undefined;
    reading.on("file", (field, content, name) => {
      if (field !== "file") return void content.resume();
      let isBroken = false;
      // It can come when nobody reads any more.
      content.on("error", () => {
        isBroken = true;
      });
      found = content;
      resolve({ name, content, isBroken: () => isBroken });
    });
    reading.on("finish", () => resolve(undefined));
    // A form that ends too early breaks off the file in it.
    const breakOff = (error: Error): void => {
      found?.destroy(error);
      resolve(undefined);
    };
    reading.on("error", (error) => breakOff(error as Error));
    form.once("error", breakOff).once("aborted", () => breakOff(new Error("the form was broken off")));
    form.pipe(reading);
  } catch {
    resolve(undefined);
  }
  return await promise;
}

/** `POST /api/upload-backup`: proven before it is one of the backups. */
export async function upload({ node }: MonkeySubject, { form, raw, signal }: Asked): Promise<Answer> {
  const file = form === undefined ? undefined : await fileIn(form, raw.headers["content-type"] ?? "");
  if (file === undefined) return refused(400, "No file provided");
  const { name, content, isBroken } = file;
  if (name === "") return refused(400, "No file selected");
  if (backupNameFrom(name) === undefined) {
    return refused(400, `Invalid backup file: ${JSON.stringify(name)} is no name that Gangway gives its backups`);
  }
  try {
    return receivedAnswer(name, await node.backups.receive({ file: name, content, bytes: undefined }, signal));
  } catch (error) {
    if (isErrorWithCode(error, "backup_damaged")) return refused(400, `Invalid backup file: ${messageOf(error)}`);
    return isBroken()
      ? refused(400, "Invalid form: it ends in the middle of the file")
      : refused(500, messageOf(error));
  }
}

function receivedAnswer(file: string, received: Received): Answer {
  switch (received.kind) {
    case "received": {
      const { container, createdAt } = received.backup;
      const metadata = { container_name: container, backup_date: createdAt };
      return done("Backup uploaded successfully", { filename: file, metadata });
    }
    case "exists":
      return refused(409, `There is a backup ${file} already, and it stays as it is`);
    case "too_large":
      return refused(413, "The file is larger than backup.upload_limit_gb lets it be");
    case "no_room":
      return refused(507, `There is room for ${received.free} bytes only`);
    case "other_name":
      return refused(400, `Invalid backup file: ${received.reason}`);
  }
}

const longestDefinition = 1 << 20;

/** `POST /api/upload-network-backup` */
export async function uploadNetwork({ node }: MonkeySubject, { form, raw }: Asked): Promise<Answer> {
  const file = form === undefined ? undefined : await fileIn(form, raw.headers["content-type"] ?? "");
  if (file === undefined) return refused(400, "No file provided");
  const { name, content, isBroken } = file;
  if (name === "") return refused(400, "No file selected");
  if (networkFileFrom(name) === undefined) {
    return refused(400, `Invalid network backup: ${JSON.stringify(name)} is no name that Gangway gives these files`);
  }
  try {
    const { kind } = await node.networks.receive(name, await textOf(content));
    if (kind === "exists") return refused(409, `There is a file ${name} already, and it stays as it is`);
    return done("Network backup uploaded successfully", { filename: name });
  } catch (error) {
    if (isErrorWithCode(error, "backup_damaged")) return refused(400, `Invalid network backup: ${messageOf(error)}`);
    return isBroken()
      ? refused(400, "Invalid form: it ends in the middle of the file")
      : refused(500, messageOf(error));
  }
}

/** Not much more of it than a definition can have. */
async function textOf(content: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > longestDefinition) break;
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** The first of three steps to a download of all. */
export function prepareAll({ node, downloads }: MonkeySubject): Promise<Answer> {
  return answering(async () => {
    const files = (await node.backups.list()).map(({ file }) => file);
    if (files.length === 0) return refused(404, "No backups found");
    const { id } = downloads.begin(files);
    return ok({ success: true, session_id: id, files, total: files.length });
  });
}

/** The second: nothing is to be done, for the archive is made while it goes out. */
export function createAll({ downloads }: MonkeySubject, { params }: Asked): Answer {
  const { id = "" } = params;
  const found = downloads.get(id);
  if (found === undefined) return refused(404, "Session not found");
  return done("Archive ready", { archive_filename: found.archive, session_id: id });
}

export function allProgress({ downloads }: MonkeySubject, { params }: Asked): Answer {
  const found = downloads.get(params["id"] ?? "");
  if (found === undefined) return refused(404, "Session not found");
  const { archive, files } = found;
  const counts = { total: files.length, completed: files.length, current_file: "" };
  return ok({ ...counts, status: "complete", archive_filename: archive });
}

export function downloadAll({ node, downloads }: MonkeySubject, { params, raw }: Asked): Promise<Answer> {
  return answering(async () => {
    const { id = "" } = params;
    const found = downloads.get(id);
    if (found === undefined) return refused(404, "Session not found");
    const archive = await node.backups.archive(found.files);
    const isHead = raw.method === "HEAD";
    if (isHead) await archive[Symbol.asyncDispose]();
    else downloads.end(id);
    const body = Readable.from(isHead ? [] : archive.content, { objectMode: false });
    body.once("close", () => void archive[Symbol.asyncDispose]());
    const length = { "content-type": "application/x-tar", "content-length": `${archive.bytes}` };
    const headers = { ...length, "content-disposition": `attachment; filename="${found.archive}"` };
    return { status: 200, body, headers };
  });
}
