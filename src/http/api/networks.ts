import type { ServedNode } from "../../core/doors.ts";
import { type NetworkFile, predefinedNetworks } from "../../core/network-file.ts";
import type { NetworkInspect } from "../../core/storage.ts";
import { isErrorWithCode, messageOf } from "../../lib/errors.ts";
import type { Asked } from "./handlers.ts";
import type { networkRoutes } from "./network-routes.ts";
import { type Answer, problem } from "./problem.ts";
import { type ApiSubject, type Found, nodesNamed } from "./subject.ts";

type Routes = typeof networkRoutes;

export function networkHandlers(subject: ApiSubject) {
  return {
    networks: async ({ query, signal }: Asked<Routes["networks"]>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      return await answering(async () => {
        const lists = found.thing.map(async (node) =>
          (await node.networks.all(signal)).map((network) => networkView(node, network)),
        );
        return ok({ networks: (await Promise.all(lists)).flat() });
      });
    },
    backUpNetwork: async ({ params, query, signal }: Asked<Routes["backUpNetwork"]>) => {
      const found = oneNode(subject, query.node);
      if (found.kind === "problem") return found.answer;
      return await answering(async () => {
        const saved = await found.thing.networks.backUp(params.network, signal);
        return saved.kind === "predefined" ? predefined(params.network) : ok(fileView(found.thing, saved.file));
      });
    },
    networkBackups: async ({ query }: Asked<Routes["networkBackups"]>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const lists = found.thing.map(async (node) =>
        (await node.networks.backups()).map((file) => fileView(node, file)),
      );
      return ok({ backups: (await Promise.all(lists)).flat() });
    },
    networkBackup: ({ params, query }: Asked<Routes["networkBackup"]>) =>
      withFile(subject, { ...params, ...query }, async (node) => ok(await node.networks.read(params.file))),
    restoreNetwork: ({ params, query, signal }: Asked<Routes["restoreNetwork"]>) =>
      withFile(subject, { ...params, ...query }, async (node) => {
        const { kind, network } = await node.networks.restore(params.file, signal);
        if (kind === "predefined") return predefined(network);
        return kind === "restored"
          ? ok({ network, restored: true })
          : problem(409, "network_exists", `There is a network "${network}" already, and it stays as it is.`);
      }),
    deleteNetworkBackup: ({ params, query }: Asked<Routes["deleteNetworkBackup"]>) =>
      withFile(subject, { ...params, ...query }, async (node) => {
        await node.networks.removeBackup(params.file);
        return ok({ file: params.file, removed: true });
      }),
  };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** The node that was named, or the only one. */
function oneNode(subject: ApiSubject, name: string | undefined): Found<ServedNode> {
  const found = nodesNamed(subject, name);
  if (found.kind === "problem") return found;
  const [node, another] = found.thing;
  if (node !== undefined && another === undefined) return { kind: "found", thing: node };
  const names = found.thing.map((one) => one.name).join(", ");
  return {
    kind: "problem",
    answer: problem(409, "ambiguous_node", `Say for which engine it is, with ?node= (${names}).`),
  };
}

/** Has `act` answer for the node that has the file: the one that was named, or the only one. */
async function withFile(
  subject: ApiSubject,
  { file, node: name }: { readonly file: string; readonly node?: string | undefined },
  act: (node: ServedNode) => Promise<Answer>,
): Promise<Answer> {
  const nodes = nodesNamed(subject, name);
  if (nodes.kind === "problem") return nodes.answer;
  const holders: ServedNode[] = [];
  for (const node of nodes.thing) {
    if ((await node.networks.backups()).some((one) => one.file === file)) holders.push(node);
  }
  const [node, another] = holders;
  if (node === undefined) return problem(404, "backup_not_found", `There is no network's definition "${file}".`);
  if (another === undefined) return await answering(() => act(node));
  const names = holders.map((one) => one.name).join(", ");
  return problem(409, "ambiguous_backup", `Several engines have it: say which with ?node= (${names}).`);
}

async function answering(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    const detail = `${messageOf(error)}.`;
    if (isErrorWithCode(error, "engine_not_found")) return problem(404, "network_not_found", detail);
    if (isErrorWithCode(error, "backup_not_found")) return problem(404, "backup_not_found", detail);
    if (isErrorWithCode(error, "backup_damaged")) return problem(409, "backup_damaged", detail);
    if (isErrorWithCode(error, "file_failed", "backup_failed")) return problem(500, "file_failed", detail);
    return problem(502, "engine_failed", `The engine does not answer, or refuses: ${detail}`);
  }
}

function predefined(network: string): Answer {
  return problem(400, "network_predefined", `The engine makes "${network}" itself: there is nothing to back up.`);
}

function networkView({ name: node }: ServedNode, network: NetworkInspect): object {
  return {
    ...{ node, id: network.Id, name: network.Name, driver: network.Driver, scope: network.Scope },
    ...{ internal: network.Internal, attachable: network.Attachable, ipv6: network.EnableIPv6 },
    ...{ ipam: network.IPAM ?? {}, predefined: predefinedNetworks.includes(network.Name) },
    ...{ options: network.Options ?? {}, labels: network.Labels ?? {} },
  };
}

function fileView({ name: node }: ServedNode, { file, network, createdAt, bytes }: NetworkFile): object {
  return { node, file, network, created_at: createdAt, bytes };
}
