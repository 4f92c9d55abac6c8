import { z } from "zod";
import type { RouteAccess } from "../access.ts";
import type { RouteDeclaration } from "./routes.ts";

/*
 * The routes of /api/v1 about networks and the files with their definitions.
 */

const read: RouteAccess = { scope: "read" };
const control: RouteAccess = { scope: "control" };
const admin: RouteAccess = { scope: "admin" };
const none = z.object({});
const node = z.string().max(63).optional().meta({ description: "The engine's short name; all engines where absent." });
const oneNode = z
  .string()
  .max(63)
  .optional()
  .meta({ description: "The engine's short name; needed where several are." });
const ByFile = z.object({ file: z.string().min(1).max(300) });
const texts = z.record(z.string(), z.string());

export const Network = z
  .strictObject({
    ...{ node: z.string(), id: z.string(), name: z.string(), driver: z.string(), scope: z.string() },
    ...{ internal: z.boolean(), attachable: z.boolean(), ipv6: z.boolean() },
    ipam: z.record(z.string(), z.unknown()).meta({ description: "As the engine has it." }),
    predefined: z.boolean().meta({ description: "Made by the engine itself." }),
    ...{ options: texts, labels: texts },
  })
  .meta({ id: "Network", description: "A network of an engine." });

export const NetworkBackup = z
  .strictObject({ node: z.string(), file: z.string(), network: z.string(), created_at: z.string(), bytes: z.int() })
  .meta({ id: "NetworkBackup", description: "A file with the definition of a network." });

function ok(schema: z.ZodType, description = "OK"): RouteDeclaration["answers"] {
  return { 200: { description, schema } };
}

export const networkRoutes = {
  networks: {
    ...{ method: "GET", path: "/networks", summary: "The engines' networks.", access: read, params: none },
    query: z.object({ node }),
    answers: ok(z.strictObject({ networks: z.array(Network) })),
  },
  backUpNetwork: {
    ...{ method: "POST", path: "/networks/{network}/backup", summary: "Write a network's definition into a file." },
    ...{
      access: control,
      params: z.object({ network: z.string().min(1).max(255) }),
      query: z.object({ node: oneNode }),
    },
    answers: ok(NetworkBackup),
  },
  networkBackups: {
    ...{ method: "GET", path: "/network-backups", summary: "The files with networks' definitions, newest first." },
    ...{ access: read, params: none, query: z.object({ node }) },
    answers: ok(z.strictObject({ backups: z.array(NetworkBackup) })),
  },
  networkBackup: {
    ...{ method: "GET", path: "/network-backups/{file}", summary: "What is in one.", access: read, params: ByFile },
    query: z.object({ node: oneNode }),
    answers: ok(z.looseObject({ format: z.literal("gangway-network"), network: z.looseObject({ name: z.string() }) })),
  },
  restoreNetwork: {
    ...{ method: "POST", path: "/network-backups/{file}/restore", summary: "Make the network again.", access: admin },
    ...{ params: ByFile, query: z.object({ node: oneNode }) },
    answers: ok(z.strictObject({ network: z.string(), restored: z.literal(true) })),
  },
  deleteNetworkBackup: {
    ...{ method: "DELETE", path: "/network-backups/{file}", summary: "Delete such a file.", access: admin },
    ...{ params: ByFile, query: z.object({ node: oneNode }) },
    answers: ok(z.strictObject({ file: z.string(), removed: z.literal(true) })),
  },
} as const satisfies Readonly<Record<string, RouteDeclaration>>;
