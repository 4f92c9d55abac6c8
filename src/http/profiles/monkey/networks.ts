import type { NetworkInspect } from "../../../core/storage.ts";
import { isErrorWithCode, messageOf } from "../../../lib/errors.ts";
import { type Answer, done, ok, refused } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";
import { shortId } from "./container-view.ts";
import { answering, leftAlone } from "./faults.ts";

const own = "This network is made by the engine itself";

export function networkList({ node }: MonkeySubject, { signal }: Asked): Promise<Answer> {
  return answering(async () => ok({ networks: (await node.networks.all(signal)).map(networkView) }));
}

function networkView({ Id, Name, Driver, Scope, IPAM, ...more }: NetworkInspect): object {
  const [range] = (IPAM?.["Config"] ?? []) as readonly Readonly<Record<string, string>>[];
  const { Containers: connected } = more as { readonly Containers?: object | null };
  return {
    ...{ id: shortId(Id), name: Name, driver: Driver, scope: Scope },
    ...{ subnet: range?.["Subnet"] ?? "", gateway: range?.["Gateway"] ?? "", ip_range: range?.["IPRange"] ?? "" },
    containers: Object.keys(connected ?? {}).length,
  };
}

export async function backUpNetwork({ node }: MonkeySubject, { params, signal }: Asked): Promise<Answer> {
  const { id = "" } = params;
  try {
    const saved = await node.networks.backUp(id, signal);
    if (saved.kind === "predefined") return refused(400, `${own}: there is nothing to back up`);
    return done("Network backed up", { filename: saved.file.file });
  } catch (error) {
    return isErrorWithCode(error, "engine_not_found")
      ? refused(404, `No such network: ${id}`)
      : refused(500, messageOf(error));
  }
}

export function networkBackups({ node }: MonkeySubject): Promise<Answer> {
  return answering(async () => {
    const backups = (await node.networks.backups()).map(({ file, bytes, createdAt }) => ({
      ...{ filename: file, size: bytes, created: createdAt, type: "network" },
    }));
    return ok({ backups });
  });
}

export function restoreNetwork({ node }: MonkeySubject, { body, signal }: Asked): Promise<Answer> {
  return answering(async () => {
    const { filename } = body;
    if (typeof filename !== "string" || filename === "") return refused(400, "Filename required");
    const { kind, network } = await node.networks.restore(filename, signal);
    if (kind === "predefined") return refused(400, `${own}: there is nothing to restore`);
    if (kind === "exists") return refused(409, `There is a network ${network} already, and it stays as it is`);
    return done("Network restored", { network_name: network });
  });
}

export function deleteNetwork({ node, log }: MonkeySubject, { params, signal, closing }: Asked): Promise<Answer> {
  return answering(async () => {
    const { id = "" } = params;
    const found = (await node.networks.all(signal)).find(({ Id, Name }) => Name === id || Id.startsWith(id));
    if (found === undefined || id === "") return refused(404, `No such network: ${id}`);
    const deletion = await node.deletions.network({ id: found.Id, name: found.Name }, closing);
    if (deletion.kind !== "deleted") return refused(409, leftAlone(found.Name, deletion));
    log.info({ network: found.Name }, "network was deleted");
    return done("Network deleted");
  });
}
