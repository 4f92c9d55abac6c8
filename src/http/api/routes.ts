import { z } from "zod";
import { restoreBody, restoreQuery } from "../../requests/restore.ts";
import type { RouteAccess } from "../access.ts";
import { fileRoutes } from "./backup-routes.ts";
import { Backup, RestorePreview } from "./backups.ts";
import { type CommandRow, containerCommands, nodeCommands, id as ownId, pruneShape } from "./commands.ts";
import { networkRoutes } from "./network-routes.ts";
import { Container, Event, Image, Node, Operation, Problem, Settings } from "./schemas.ts";

/*
 * The routes of /api/v1, as a table: the server, the OpenAPI document and the documentation are made from it.
 */

export interface RouteDeclaration {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v1`, with parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly access: RouteAccess;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body?: z.ZodObject;
  /** The body is bytes, which may come as long as they like; the handler reads them. */
  readonly bytes?: true;
  /** What is answered besides problems, by status. */
  readonly answers: Readonly<Record<number, Answered>>;
}

interface Answered {
  readonly description: string;
  readonly schema: z.ZodType;
  /** `application/json`, if absent. */
  readonly mediaType?: string;
}

export const apiPrefix = "/api/v1";
const longestWaitSeconds = 55;
const mostPastOperations = 500;

const none = z.object({});
const node = z.string().max(63).optional().meta({ description: "The engine's short name; all engines where absent." });
const oneNode = z
  .string()
  .max(63)
  .optional()
  .meta({ description: "The engine's short name; needed where several have a container of this name." });
const wait = z
  .string()
  .regex(/^\d{1,4}s?$/, `seconds, at most ${longestWaitSeconds}: 10 or 10s`)
  .transform((text) => Math.min(longestWaitSeconds, Number.parseInt(text, 10)) * 1000)
  .optional()
  .meta({ description: `Wait so many seconds for the end, at most ${longestWaitSeconds}: \`10\` or \`10s\`.` });
const yes = z
  .enum(["true", "false", "1", "0"], "true or false")
  .transform((word) => word === "true" || word === "1")
  .optional();
const ByName = z.object({ name: z.string().min(1).max(255) });
const ByFile = z.object({ file: z.string().min(1).max(300) });
const ById = z.object({ id: z.string().min(1).max(64) });
const Operations = z.strictObject({ operations: z.array(Operation) });

const read: RouteAccess = { scope: "read" };
const control: RouteAccess = { scope: "control" };
const admin: RouteAccess = { scope: "admin" };
/** They answer while the API is off: the way to turn it on. */
const settings: RouteAccess = { scope: "admin", whileDisabled: true };

function ok(schema: z.ZodType, description = "OK", mediaType?: string): RouteDeclaration["answers"] {
  return { 200: { description, schema, ...(mediaType === undefined ? {} : { mediaType }) } };
}

const ended = "It has ended within `wait`; `ok` says how.";
const accepted = "It waits or runs; ask again at `Location`.";

export const routes = {
  nodes: {
    ...{ method: "GET", path: "/nodes", summary: "The engines.", access: read, params: none, query: none },
    answers: ok(z.strictObject({ nodes: z.array(Node) })),
  },
  containers: {
    ...{ method: "GET", path: "/containers", summary: "All watched containers.", access: read, params: none },
    query: z.object({ node }),
    answers: ok(z.strictObject({ containers: z.array(Container) })),
  },
  container: {
    ...{ method: "GET", path: "/containers/{name}", summary: "One container.", access: read, params: ByName },
    query: z.object({ node: oneNode }),
    answers: ok(Container),
  },
  operations: {
    ...{ method: "GET", path: "/operations", summary: "What waits or runs.", access: read, params: none },
    query: z.object({ node }),
    answers: ok(Operations),
  },
  operation: {
    ...{ method: "GET", path: "/operations/{id}", summary: "One operation, also one that has ended.", access: read },
    params: ById,
    query: z.object({ wait }),
    answers: ok(Operation),
  },
  cancelOperation: {
    ...{ method: "DELETE", path: "/operations/{id}", summary: "Cancel an operation that waits.", access: control },
    params: ById,
    query: none,
    answers: ok(Operation, "It is cancelled, for all who asked for the same."),
  },
  history: {
    ...{ method: "GET", path: "/history", summary: "What has been done, newest first.", access: read, params: none },
    query: z.object({
      node,
      container: z.string().max(255).optional(),
      command: z.string().max(64).optional(),
      state: z.string().max(64).optional(),
      limit: z.coerce.number().int().min(1).max(mostPastOperations).default(50),
      before: z.string().max(64).optional().meta({ description: "The `next` of the page before." }),
    }),
    answers: ok(
      z.strictObject({
        operations: z.array(Operation),
        next: z.string().nullable().meta({ description: "For the next page; null on the last one." }),
      }),
    ),
  },
  images: {
    ...{ method: "GET", path: "/images", summary: "The engines' images.", access: read, params: none },
    query: z.object({
      node,
      unused: yes.meta({ description: "Those that no watched container runs." }),
      dangling: yes.meta({ description: "Those without a tag." }),
    }),
    answers: ok(z.strictObject({ images: z.array(Image) })),
  },
  prunePreview: {
    ...{
      method: "GET",
      path: "/prune",
      summary: "What a prune would remove, and what not.",
      access: read,
      params: none,
    },
    query: z.object({ ...pruneShape, all: yes.meta(pruneShape.all.meta() ?? {}), node }),
    answers: { ...ok(Operations, "`prune` has it."), 202: { description: accepted, schema: Operations } },
  },
  backups: {
    ...{
      method: "GET",
      path: "/backups",
      summary: "The backups of containers, newest first.",
      access: read,
      params: none,
    },
    query: z.object({ node, container: z.string().max(255).optional() }),
    answers: ok(z.strictObject({ backups: z.array(Backup) })),
  },
  restorePreview: {
    ...{ method: "GET", path: "/backups/{file}", summary: "What a restore of a backup would do.", access: read },
    params: ByFile,
    query: z.object({ node: oneNode, ...restoreQuery }),
    answers: ok(RestorePreview),
  },
  restoreBackup: {
    ...{
      method: "POST",
      path: "/backups/{file}/restore",
      summary: "Make a container anew from a backup.",
      access: admin,
    },
    params: ByFile,
    query: z.object({ node: oneNode, wait }),
    body: z.strictObject({ ...restoreBody, id: ownId }),
    answers: { ...ok(Operation, ended), 202: { description: accepted, schema: Operation } },
  },
  deleteBackup: {
    ...{ method: "DELETE", path: "/backups/{file}", summary: "Delete a backup.", access: admin, params: ByFile },
    query: z.object({ node: oneNode }),
    answers: ok(z.strictObject({ file: z.string(), removed: z.literal(true) })),
  },
  ...fileRoutes,
  ...networkRoutes,
  settings: {
    ...{ method: "GET", path: "/settings", summary: "Who may use the API.", access: settings, params: none },
    query: none,
    answers: ok(Settings),
  },
  changeSettings: {
    ...{ method: "PATCH", path: "/settings", summary: "Change who may use the API.", access: settings, params: none },
    query: none,
    body: z.strictObject({
      enabled: z.boolean().optional(),
      auth: z.boolean().optional(),
      api_key: z.string().min(8).max(256).optional().meta({ description: "`********` leaves it as it is." }),
      generate_api_key: z.literal(true).optional(),
      allowed_ips: z.array(z.string().max(64)).min(1).max(200).optional(),
    }),
    answers: ok(Settings),
  },
  events: {
    ...{ method: "GET", path: "/events", summary: "What happens, as it happens.", access: read, params: none },
    query: z.object({ node }),
    answers: ok(Event, "Server-sent events: `result` with an Operation, others with an Event.", "text/event-stream"),
  },
  openapi: {
    ...{ method: "GET", path: "/openapi.json", summary: "This description.", access: read, params: none, query: none },
    answers: ok(z.looseObject({ openapi: z.string() })),
  },
} as const satisfies Readonly<Record<string, RouteDeclaration>>;

/** A route that stands for a command. */
export interface CommandRoute extends RouteDeclaration {
  readonly row: CommandRow;
  readonly body: z.ZodObject;
}

/** The routes of commands, by the id of their operation in the OpenAPI document. */
export const containerCommandRoutes: Readonly<Record<string, CommandRoute>> = Object.fromEntries(
  Object.entries(containerCommands).map(([command, row]) => [
    `container_${command}`,
    {
      ...{ method: "POST", path: `/containers/{name}/${command}`, summary: row.summary, access: control, row },
      params: ByName,
      query: z.object({ node: oneNode, wait }),
      body: row.body,
      answers: { ...ok(Operation, ended), 202: { description: accepted, schema: Operation } },
    } as const,
  ]),
);

export const nodeCommandRoutes: Readonly<Record<string, CommandRoute>> = Object.fromEntries(
  Object.entries(nodeCommands).map(([command, row]) => [
    `all_${command}`,
    {
      ...{
        method: "POST",
        path: row.path ?? `/commands/${command}`,
        summary: row.summary,
        access: control,
        row,
        params: none,
      },
      query: z.object({ node, wait }),
      body: row.body,
      answers: {
        ...ok(Operations, "All have ended within `wait`."),
        202: { description: accepted, schema: Operations },
      },
    } as const,
  ]),
);

/** All routes, in the order of the documentation. */
export const allRoutes: Readonly<Record<string, RouteDeclaration>> = {
  ...routes,
  ...containerCommandRoutes,
  ...nodeCommandRoutes,
};

/** What every route can answer instead, by status. */
export const problems: Readonly<Record<number, string>> = {
  400: "The request makes no sense; `errors` says where.",
  401: "No key, or a wrong one.",
  403: "This address, key or page may not do that, or the API is off.",
  404: "There is no such thing.",
  405: "Not with this method.",
  409: "Not in this state, or ambiguous.",
  412: "The file is not, or no longer, the one that was asked for.",
  413: "The body is too large.",
  415: "The body is not of the type that is asked for.",
  416: "The file is shorter than that.",
  422: "The file is no backup, or a damaged one.",
  429: "Too many wrong keys.",
  500: "Gangway has failed; its log says why.",
  502: "The engine does not answer, or refuses.",
  503: "Too many listen already, or Gangway is stopping.",
  507: "There is no room for it.",
};

export const problemSchema = Problem;
