import { z } from "zod";
import type { Command } from "../../core/operation.ts";
import { ageFrom, type PruneWish, pruneKinds, pruneWishFrom } from "../../core/prune/prune.ts";

/** A command that a route stands for: what its body holds, and what that comes to. */
export interface CommandRow {
  readonly summary: string;
  /** Where it is, if not among the others. */
  readonly path?: string;
  readonly body: z.ZodObject;
  /** `body` is what the schema has made of it. */
  readonly commandFrom: (container: string, body: object) => Command;
}

const longestId = 64;
const mostNames = 200;
const name = z.string().min(1).max(255);

/** What every body may hold. */
export const id = z
  .string()
  .min(1)
  .max(longestId)
  .optional()
  .meta({ description: "An id of your own for the operation; it comes back in every result." });
const dryRun = z.boolean().optional().meta({ description: "Only say what would be done." });

const age = z.string().refine((text) => ageFrom(text) !== undefined, "an age such as 12h, 30d or 4w");

/** What a prune takes, in a body or in a query. */
export const pruneShape = {
  what: z.enum(pruneKinds).optional().meta({ description: "`images`, if absent." }),
  all: z.boolean().optional().meta({
    description: "Of images also those with a tag, of volumes also those with a name, of the build cache all of it.",
  }),
  older_than: age.optional().meta({ description: "Only what was not used for so long: `12h`, `30d`, `4w`." }),
};

/** What was checked by the schema already. */
function wishFrom(asked: Parameters<typeof pruneWishFrom>[0]): PruneWish {
  return pruneWishFrom(asked) ?? { what: asked.what ?? "images" };
}

/** What a prune with these parts of a query would remove. */
export function prunePreviewFrom(query: Parameters<typeof pruneWishFrom>[0]): Command {
  return { kind: "prune", ...wishFrom(query), dryRun: true };
}

function row<Shape extends z.ZodRawShape>(
  summary: string,
  shape: Shape,
  make: (container: string, body: z.output<z.ZodObject<Shape>>) => Command,
): CommandRow {
  return {
    summary,
    body: z.strictObject({ ...shape, id }),
    commandFrom: (container, body) => make(container, body as z.output<z.ZodObject<Shape>>),
  };
}

function plain(
  kind: "start" | "stop" | "restart" | "pause" | "unpause" | "check" | "backup",
  summary: string,
): CommandRow {
  return row(summary, {}, (container) => ({ kind, container }));
}

function replacing(kind: "update" | "recreate" | "rollback", summary: string): CommandRow {
  return row(summary, { dry_run: dryRun }, (container, body) => ({ kind, container, ...asDryRun(body) }));
}

function asDryRun(body: { readonly dry_run?: boolean | undefined }): { readonly dryRun?: true } {
  return body.dry_run === true ? { dryRun: true } : {};
}

const on = z.boolean();

/** `POST /containers/{name}/…` */
export const containerCommands: Readonly<Record<string, CommandRow>> = {
  update: replacing("update", "Give it the image that its tag stands for now."),
  recreate: replacing("recreate", "Make it anew from the same image."),
  rollback: replacing("rollback", "Give it the image back that it ran before its last update."),
  start: plain("start", "Start it."),
  stop: plain("stop", "Stop it."),
  restart: plain("restart", "Restart it."),
  pause: plain("pause", "Pause it."),
  unpause: plain("unpause", "Let it go on."),
  backup: plain("backup", "Write its definition and the data of its volumes into a file."),
  check: plain("check", "Ask its registry for an update."),
  auto_update: row("Turn its automatic updates on or off.", { on }, (container, body) => ({
    kind: "auto_update",
    container,
    on: body.on,
  })),
};

/** `POST /commands/…`: for an engine, or for all. */
export const nodeCommands: Readonly<Record<string, CommandRow>> = {
  check: row("Ask the registries for updates of all containers.", {}, () => ({ kind: "check" })),
  update_all: row(
    "Update all that have an update, or those that are named, of an image, or of a compose project.",
    {
      containers: z.array(name).min(1).max(mostNames).optional(),
      image: name.optional().meta({ description: "A name or a glob." }),
      project: name.optional(),
      dry_run: dryRun,
    },
    (_, { containers, image, project, ...body }) => ({
      kind: "update_all",
      ...(containers === undefined ? {} : { containers }),
      ...(image === undefined ? {} : { image }),
      ...(project === undefined ? {} : { project }),
      ...asDryRun(body),
    }),
  ),
  auto_update: row("Turn the automatic updates of all containers on or off.", { on }, (_, body) => ({
    kind: "auto_update",
    on: body.on,
  })),
  prune: {
    ...row(
      "Remove what nobody needs any more: dangling images, unless it says otherwise.",
      { ...pruneShape, dry_run: dryRun },
      (_, body) => ({ kind: "prune", ...wishFrom(body), ...asDryRun(body) }),
    ),
    path: "/prune",
  },
  backup_all: row("Back up all containers.", {}, () => ({ kind: "backup_all" })),
  rediscover: row("Publish everything on MQTT again.", {}, () => ({ kind: "rediscover" })),
};
