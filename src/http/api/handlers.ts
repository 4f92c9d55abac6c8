import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { PastOperation } from "../../core/doors.ts";
import { messageOf } from "../../lib/errors.ts";
import { restoreCommandFrom } from "../../requests/restore.ts";
import type { Caller } from "../access.ts";
import type { AccessWish } from "../settings.ts";
import { fileHandlers } from "./backup-files.ts";
import { backupNamed, backupsAnswer, previewAnswer, removalAnswer } from "./backups.ts";
import { prunePreviewFrom } from "./commands.ts";
import { networkHandlers } from "./networks.ts";
import { openApiDocument } from "./openapi.ts";
import { cancelAnswer, operationAnswer, submitOn } from "./operations.ts";
import { type Answer, problem } from "./problem.ts";
import {
  apiPrefix,
  type CommandRoute,
  containerCommandRoutes,
  nodeCommandRoutes,
  type RouteDeclaration,
  type routes,
} from "./routes.ts";
import { type ApiSubject, containerNamed, nodesNamed } from "./subject.ts";
import { containerView, imageView, nodeView, pendingView, resultView } from "./views.ts";

/** A request whose parts have been parsed. */
export interface Asked<Route extends RouteDeclaration = RouteDeclaration> {
  readonly params: z.output<Route["params"]>;
  readonly query: z.output<Route["query"]>;
  readonly body: Route extends { readonly body: z.ZodObject } ? z.output<Route["body"]> : unknown;
  readonly caller: Caller | null;
  /** The request as it came: what a file, or a part of it, is sent by. */
  readonly raw: IncomingMessage;
  /** Aborts when whoever asked has gone, or the server closes. */
  readonly signal: AbortSignal;
}

export type Handler<Route extends RouteDeclaration = RouteDeclaration> = (
  asked: Asked<Route>,
) => Answer | Promise<Answer>;

/** Who looks at a preview waits for the engine to add up its files. */
const previewMs = 55_000;

type Plain = Exclude<keyof typeof routes, "events">;

function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** What each route does, but for the stream of events. */
export function handlersFor(subject: ApiSubject): Readonly<Record<string, Handler>> {
  const plain: { readonly [Name in Plain]: Handler<(typeof routes)[Name]> } = {
    ...lookingHandlers(subject),
    ...operationHandlers(subject),
    ...settingsHandlers(subject),
    ...backupHandlers(subject),
    ...fileHandlers(subject),
    ...networkHandlers(subject),
  };
  return {
    ...(plain as Readonly<Record<string, unknown>> as Readonly<Record<string, Handler>>),
    ...commandHandlers(subject),
  };
}

function lookingHandlers(subject: ApiSubject) {
  let document: unknown;
  return {
    nodes: () => ok({ nodes: subject.nodes().map((node) => nodeView(node, subject.version)) }),
    containers: ({ query }: Asked<typeof routes.containers>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const containers = found.thing.flatMap((node) => node.inventory.all().map((entry) => containerView(node, entry)));
      return ok({ containers });
    },
    container: ({ params, query }: Asked<typeof routes.container>) => {
      const found = containerNamed(subject, params.name, query.node);
      return found.kind === "problem" ? found.answer : ok(containerView(found.thing.node, found.thing.entry));
    },
    images: async ({ query, signal }: Asked<typeof routes.images>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      try {
        const lists = await Promise.all(
          found.thing.map(async (node) => {
            const [all, containers] = await Promise.all([node.engine.images(signal), node.engine.list(signal)]);
            return all.map((image) => imageView(node, image, containers));
          }),
        );
        const images = lists.flat().filter(({ used_by: users, tags }) => {
          const isWanted = query.unused === undefined || query.unused === (users.length === 0);
          return isWanted && (query.dangling === undefined || query.dangling === (tags.length === 0));
        });
        return ok({ images });
      } catch (error) {
        return problem(502, "engine_failed", `An engine could not tell its images: ${messageOf(error)}`);
      }
    },
    prunePreview: async ({ query, caller, signal }: Asked<typeof routes.prunePreview>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const order = { command: prunePreviewFrom(query), id: undefined, caller };
      return standingsAnswer(await submitOn(subject, found.thing, order, { waitMs: previewMs, signal }));
    },
    openapi: () => {
      document ??= openApiDocument(subject.version);
      return ok(document);
    },
  };
}

function operationHandlers(subject: ApiSubject) {
  return {
    operations: ({ query }: Asked<typeof routes.operations>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const operations = found.thing.flatMap((node) =>
        node.operations.pending().map((pending) => pendingView(node, pending)),
      );
      return ok({ operations });
    },
    operation: ({ params, query, signal }: Asked<typeof routes.operation>) =>
      operationAnswer(subject, params.id, { waitMs: query.wait, signal }),
    cancelOperation: ({ params, signal }: Asked<typeof routes.cancelOperation>) =>
      cancelAnswer(subject, params.id, signal),
    history: ({ query }: Asked<typeof routes.history>) => {
      const found = nodesNamed(subject, query.node);
      if (found.kind === "problem") return found.answer;
      const newestFirst = subject.history().toReversed();
      const begin = query.before === undefined ? 0 : newestFirst.findIndex(({ id }) => id === query.before) + 1;
      if (query.before !== undefined && begin === 0) {
        return problem(404, "operation_not_found", `There is no operation "${query.before}" in the history any more.`);
      }
      const matching = newestFirst.slice(begin).filter((past) => isWanted(past, query));
      const page = matching.slice(0, query.limit);
      const next = matching.length > page.length ? (page.at(-1)?.id ?? null) : null;
      return ok({ operations: page.map(resultView), next });
    },
  };
}

function isWanted(
  past: PastOperation,
  { node, container, command, state }: z.output<typeof routes.history.query>,
): boolean {
  const fits = (wanted: string | undefined, is: string | null): boolean => wanted === undefined || wanted === is;
  return (
    fits(node, past.node) && fits(container, past.container) && fits(command, past.command) && fits(state, past.state)
  );
}

const mask = "********";
const nobody = { address: "", shown: null };

function settingsHandlers(subject: ApiSubject) {
  const { access } = subject;
  const names = { enabled: "enabled", auth: "auth", apiKey: "api_key", allowedIps: "allowed_ips" } as const;
  const view = (newKey?: string): object => {
    const { enabled, auth, apiKey, allowedIps } = access.current();
    return {
      ...{ enabled, auth, api_key: apiKey === undefined ? null : mask, allowed_ips: allowedIps },
      saved: access.saved().map((key) => names[key]),
      ...(newKey === undefined ? {} : { new_api_key: newKey }),
    };
  };
  return {
    settings: () => ok(view()),
    changeSettings: async ({ body, caller }: Asked<typeof routes.changeSettings>) => {
      const changed = await access.change(wishFrom(body), caller ?? nobody);
      if (changed.kind === "refused") return problem(409, "settings_refused", `${changed.reason} Nothing was changed.`);
      return ok(view(changed.newKey));
    },
  };
}

function wishFrom(body: z.output<typeof routes.changeSettings.body>): AccessWish {
  const { enabled, auth, api_key: apiKey, generate_api_key: generateApiKey, allowed_ips: allowedIps } = body;
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(auth === undefined ? {} : { auth }),
    ...(apiKey === undefined || apiKey === mask ? {} : { apiKey }),
    ...(generateApiKey === undefined ? {} : { generateApiKey }),
    ...(allowedIps === undefined ? {} : { allowedIps }),
  };
}

function backupHandlers(subject: ApiSubject) {
  return {
    backups: ({ query }: Asked<typeof routes.backups>) => backupsAnswer(subject, query),
    restorePreview: async ({ params, query, signal }: Asked<typeof routes.restorePreview>) => {
      const found = await backupNamed(subject, params.file, query.node);
      if (found.kind === "problem") return found.answer;
      const { node, container } = found.thing;
      return await previewAnswer(node, restoreCommandFrom(params.file, container, query), signal);
    },
    restoreBackup: async ({ params, query, body, caller, signal }: Asked<typeof routes.restoreBackup>) => {
      const found = await backupNamed(subject, params.file, query.node);
      if (found.kind === "problem") return found.answer;
      const { node, container } = found.thing;
      const order = { command: restoreCommandFrom(params.file, container, body), id: idIn(body), caller };
      const [standing] = await submitOn(subject, [node], order, { waitMs: query.wait, signal });
      return standing?.ended === true ? ok(standing.view) : accepted(standing?.view, [standing?.view]);
    },
    deleteBackup: async ({ params, query }: Asked<typeof routes.deleteBackup>) => {
      const found = await backupNamed(subject, params.file, query.node);
      return found.kind === "problem" ? found.answer : await removalAnswer(found.thing.node, params.file);
    },
  };
}

function commandHandlers(subject: ApiSubject): Readonly<Record<string, Handler>> {
  const forContainer =
    ({ row }: CommandRoute): Handler<(typeof containerCommandRoutes)[string]> =>
    async ({ params, query, body, caller, signal }) => {
      const { name } = params as { readonly name: string };
      const { node, wait: waitMs } = query as CommandQuery;
      const found = containerNamed(subject, name, node);
      if (found.kind === "problem") return found.answer;
      const order = { command: row.commandFrom(name, body), id: idIn(body), caller };
      const [standing] = await submitOn(subject, [found.thing.node], order, { waitMs, signal });
      return standing?.ended === true ? ok(standing.view) : accepted(standing?.view, [standing?.view]);
    };
  const forNodes =
    ({ row }: CommandRoute): Handler<(typeof nodeCommandRoutes)[string]> =>
    async ({ query, body, caller, signal }) => {
      const { node, wait: waitMs } = query as CommandQuery;
      const found = nodesNamed(subject, node);
      if (found.kind === "problem") return found.answer;
      const order = { command: row.commandFrom("", body), id: idIn(body), caller };
      return standingsAnswer(await submitOn(subject, found.thing, order, { waitMs, signal }));
    };
  return {
    ...Object.fromEntries(Object.entries(containerCommandRoutes).map(([id, route]) => [id, forContainer(route)])),
    ...Object.fromEntries(Object.entries(nodeCommandRoutes).map(([id, route]) => [id, forNodes(route)])),
  };
}

/** The operations of all nodes: 202 while one has not ended. */
function standingsAnswer(standings: Awaited<ReturnType<typeof submitOn>>): Answer {
  const operations = standings.map(({ view }) => view);
  return standings.every(({ ended }) => ended) ? ok({ operations }) : accepted({ operations }, operations);
}

/** What `routes.ts` has every command take. */
interface CommandQuery {
  readonly node?: string;
  readonly wait?: number;
}

function idIn(body: object): string | undefined {
  return (body as { readonly id?: string }).id;
}

/** 202, with the place where to ask again where it is one. */
function accepted(body: unknown, views: readonly (object | undefined)[]): Answer {
  const [only, another] = views;
  const { id } = (only ?? {}) as { readonly id?: string };
  const isOne = id !== undefined && another === undefined;
  return { status: 202, body, headers: isOne ? { location: `${apiPrefix}/operations/${encodeURIComponent(id)}` } : {} };
}
