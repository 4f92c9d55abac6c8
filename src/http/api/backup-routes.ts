import { z } from "zod";
import type { RouteAccess } from "../access.ts";
import { Backup } from "./backups.ts";
import type { RouteDeclaration } from "./routes.ts";

/*
 * The routes of /api/v1 by which the files of backups come and go. They hold secrets, so that it takes whoever may do
 * everything.
 */

const admin: RouteAccess = { scope: "admin" };
const node = z.string().max(63).optional();
const file = z.string().min(1).max(300);
const bytes = z.string().meta({ description: "The file as it is." });

/** Several files in a query: `file=…&file=…`. */
const files = z
  .union([file.transform((one) => [one]), z.array(file).min(1).max(1000)])
  .optional()
  .meta({ description: "The backups that are wanted, each with a `file=` of its own; all, if absent." });

export const fileRoutes = {
  uploadBackup: {
    ...{ method: "POST", path: "/backups", summary: "Bring a backup's file, which is proven first.", access: admin },
    params: z.object({}),
    query: z.object({
      filename: file.meta({ description: "As Gangway has named it: `web_20261121T180102Z.tar.zst`." }),
      node: node.meta({ description: "The engine's short name; needed where there are several." }),
    }),
    bytes: true,
    answers: { 201: { description: "It is one of the backups now.", schema: Backup } },
  },
  backupArchive: {
    ...{ method: "GET", path: "/backups/archive", summary: "Several backups, or all, in one tar archive." },
    ...{ access: admin, params: z.object({}) },
    query: z.object({
      file: files,
      node: node.meta({ description: "The engine's short name; all engines, if absent." }),
    }),
    answers: { 200: { description: "A tar archive of the files.", schema: bytes, mediaType: "application/x-tar" } },
  },
  backupContent: {
    ...{ method: "GET", path: "/backups/{file}/content", summary: "The file of a backup, or a range of it." },
    ...{ access: admin, params: z.object({ file }) },
    query: z.object({
      node: node.meta({ description: "The engine's short name; needed where several have a backup of this name." }),
    }),
    answers: {
      200: { description: "All of it.", schema: bytes, mediaType: "application/octet-stream" },
      206: { description: "The range that was asked for.", schema: bytes, mediaType: "application/octet-stream" },
    },
  },
} as const satisfies Readonly<Record<string, RouteDeclaration>>;
