import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { backupNameFrom } from "../../core/backup-name.ts";
import type { ServedNode } from "../../core/doors.ts";
import type { BackupFile, Received } from "../../core/vault.ts";
import { hasSystemCode, isErrorWithCode, messageOf } from "../../lib/errors.ts";
import { sendFile } from "../send-file.ts";
import type { fileRoutes } from "./backup-routes.ts";
import { backupNamed, backupView, unknownBackup } from "./backups.ts";
import type { Asked } from "./handlers.ts";
import { type Answer, problem } from "./problem.ts";
import { type ApiSubject, nodesNamed } from "./subject.ts";

/** How the files of backups come and go. */
export function fileHandlers(subject: ApiSubject) {
  return {
    backupContent: async ({ params, query, raw }: Asked<typeof fileRoutes.backupContent>) => {
      const found = await backupNamed(subject, params.file, query.node);
      return found.kind === "problem" ? found.answer : await contentAnswer(found.thing.node, params.file, raw);
    },
    backupArchive: async ({ query, raw }: Asked<typeof fileRoutes.backupArchive>) => {
      const found = nodesNamed(subject, query.node);
      return found.kind === "problem" ? found.answer : await archiveAnswer(found.thing, query.file, raw);
    },
    uploadBackup: async ({ query, body, raw, signal }: Asked<typeof fileRoutes.uploadBackup>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const [node, another] = found.thing;
      if (node === undefined || another !== undefined) {
        const names = found.thing.map(({ name }) => name).join(", ");
        return problem(409, "ambiguous_node", `Say for which engine it is, with ?node= (${names}).`);
      }
      if (!(body instanceof Readable)) {
        return problem(415, "unsupported_media_type", "The body is the file, with application/octet-stream.");
      }
      return await uploadAnswer(node, { file: query.filename, body, raw }, signal);
    },
  };
}

async function contentAnswer(node: ServedNode, file: string, raw: IncomingMessage): Promise<Answer> {
  const sent = await sendFile(raw, await node.backups.pathOf(file)).catch((error: unknown) => {
    if (isErrorWithCode(error, "file_failed")) return { status: 500 as const, reason: messageOf(error) };
    throw error;
  });
  if ("reason" in sent) return problem(500, "file_failed", `${sent.reason}.`);
  switch (sent.status) {
    case 404:
      return unknownBackup(file);
    case 412:
      return problem(412, "precondition_failed", "The file is not, or no longer, the one that was asked for.");
    case 416:
      return problem(416, "range_not_satisfiable", "The file is shorter than that.", { headers: sent.headers });
    default:
      return { ...sent, headers: { ...sent.headers, "content-disposition": `attachment; filename="${file}"` } };
  }
}

async function archiveAnswer(
  nodes: readonly ServedNode[],
  wanted: readonly string[] | undefined,
  raw: IncomingMessage,
): Promise<Answer> {
  const [node, another] = await holdersOf(nodes, wanted);
  if (another !== undefined) {
    const names = nodes.map(({ name }) => name).join(", ");
    return problem(409, "ambiguous_node", `They are of several engines: say of which with ?node= (${names}).`);
  }
  const files = wanted ?? (await node?.backups.list())?.map(({ file }) => file) ?? [];
  if (node === undefined || files.length === 0) {
    const [first] = wanted ?? [];
    return first === undefined ? problem(404, "backup_not_found", "There is no backup yet.") : unknownBackup(first);
  }
  try {
    const archive = await node.backups.archive([...new Set(files)]);
    const isHead = raw.method === "HEAD";
    if (isHead) await archive[Symbol.asyncDispose]();
    const body = Readable.from(isHead ? [] : archive.content, { objectMode: false });
    // One that nobody has begun to read does not close its files by itself.
    body.once("close", () => void archive[Symbol.asyncDispose]());
    const headers = {
      "content-type": "application/x-tar",
      "content-length": `${archive.bytes}`,
      "content-disposition": `attachment; filename="backups-${node.name}.tar"`,
    };
    return { status: 200, headers, body };
  } catch (error) {
    if (isErrorWithCode(error, "backup_not_found")) return problem(404, "backup_not_found", `${messageOf(error)}.`);
    throw error;
  }
}

/** The nodes whose backups are wanted: those that have any. */
async function holdersOf(
  nodes: readonly ServedNode[],
  wanted: readonly string[] | undefined,
): Promise<readonly ServedNode[]> {
  const holders: ServedNode[] = [];
  for (const node of nodes) {
    const there = await node.backups.list();
    const isWanted = ({ file }: BackupFile): boolean => wanted === undefined || wanted.includes(file);
    if (there.some(isWanted)) holders.push(node);
  }
  return holders;
}

interface Coming {
  readonly file: string;
  readonly body: Readable;
  readonly raw: IncomingMessage;
}

async function uploadAnswer(node: ServedNode, { file, body, raw }: Coming, signal: AbortSignal): Promise<Answer> {
  if (backupNameFrom(file) === undefined) {
    const detail = `${JSON.stringify(file)} is no backup's name: these are as Gangway has made them, such as web_20261121T180102Z.tar.zst.`;
    return problem(400, "invalid_request", `${detail} Nothing was kept.`);
  }
  const { "content-length": length } = raw.headers;
  // One that is left in the middle keeps its connection, for the answer.
  const content = body.iterator({ destroyOnReturn: false });
  const upload = { file, content, bytes: length === undefined ? undefined : Number(length) };
  try {
    return receivedAnswer(node, file, await node.backups.receive(upload, signal));
  } catch (error) {
    if (isErrorWithCode(error, "backup_damaged")) {
      return problem(422, "backup_damaged", `${messageOf(error)}. Nothing was kept.`);
    }
    // Whoever has gone reads nothing; the others see Gangway stop.
    if (signal.aborted || isErrorWithCode(error, "aborted")) {
      return problem(503, "stopping", "Gangway stops. Nothing was kept.");
    }
    if (isErrorWithCode(error, "file_failed")) {
      const isFull = hasSystemCode(error, "ENOSPC", "EDQUOT");
      return problem(isFull ? 507 : 500, "file_failed", `${messageOf(error)}. Nothing was kept.`);
    }
    throw error;
  }
}

function receivedAnswer(node: ServedNode, file: string, received: Received): Answer {
  switch (received.kind) {
    case "received":
      return {
        status: 201,
        body: backupView(node, received.backup),
        headers: { location: `/api/v1/backups/${file}` },
      };
    case "exists":
      return problem(409, "backup_exists", `There is a backup "${file}" already, and it stays as it is.`);
    case "too_large":
      return problem(413, "too_large", "It is larger than backup.upload_limit_gb lets it be. Nothing was kept.");
    case "no_room":
      return problem(507, "no_room", `There is room for ${received.free} bytes only. Nothing was kept.`);
    case "other_name":
      return problem(422, "backup_damaged", `It is not what its name says: ${received.reason}. Nothing was kept.`);
  }
}
