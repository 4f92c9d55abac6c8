import { z } from "zod";
import type { SwapCommand } from "../core/journal.ts";
import type { Command } from "../core/operation.ts";
import type { BrokerMessage } from "../core/ports.ts";
import { pruneKinds, pruneWishFrom } from "../core/prune/prune.ts";
import type { RestoreWanted } from "../core/restore-order.ts";
import { restoreBody, restoreOptionsFrom } from "../requests/restore.ts";
import type { Topics } from "./topics.ts";

/** What a message on a command topic comes to. */
export type Heard =
  | { readonly kind: "command"; readonly command: Command; readonly id: string | undefined }
  /** Which backup that means is still to be looked up. */
  | { readonly kind: "restore"; readonly wanted: RestoreWanted; readonly id: string | undefined }
  | {
      readonly kind: "refusal";
      readonly command: string;
      readonly container: string | null;
      readonly id: string | undefined;
      readonly message: string;
    };

const longestId = 64;
const longestFile = 512;
const longestPayload = 4_096;
const mostNames = 200;

const id = z.string().min(1).max(longestId).optional();
const dryRun = z.boolean().optional();
const state = z.enum(["ON", "OFF"]);
const name = z.string().min(1);

/** What a command takes, and what it makes of it. */
interface CommandRow {
  /** Payloads that are not JSON, and the options that each stands for. */
  readonly words: Readonly<Record<string, object>>;
  /** The members of its JSON besides the id. */
  readonly members: readonly string[];
  /** Undefined where the options make no sense. */
  readonly commandFrom: (container: string, options: object) => Command | RestoreWanted | undefined;
}

function row<Shape extends z.ZodRawShape>(
  words: Readonly<Record<string, object>>,
  shape: Shape,
  make: (container: string, options: z.output<z.ZodObject<Shape>>) => Command | RestoreWanted | undefined,
): CommandRow {
  const options = z.strictObject({ ...shape, id });
  return {
    words,
    members: Object.keys(shape),
    commandFrom: (container, given) => {
      const { data } = options.safeParse(given);
      return data === undefined ? undefined : make(container, data as z.output<z.ZodObject<Shape>>);
    },
  };
}

function pressed(...words: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(["", "PRESS", ...words].map((word) => [word, {}]));
}

const onOrOff = { ON: { state: "ON" }, OFF: { state: "OFF" } };

function asDryRun(options: { readonly dry_run?: boolean | undefined }): { readonly dryRun?: true } {
  return options.dry_run === true ? { dryRun: true } : {};
}

function plain(kind: "start" | "stop" | "restart" | "pause" | "unpause" | "check" | "backup"): CommandRow {
  return row(pressed(kind), {}, (container) => ({ kind, container }));
}

function replacing(kind: SwapCommand, ...words: readonly string[]): CommandRow {
  return row(pressed(kind, ...words), { dry_run: dryRun }, (container, options) => ({
    kind,
    container,
    ...asDryRun(options),
  }));
}

/** The commands on `container/<name>/command/<command>`. */
const containerCommands: Readonly<Record<string, CommandRow>> = {
  update: replacing("update", "install"),
  recreate: replacing("recreate"),
  rollback: replacing("rollback"),
  power: row(onOrOff, { state }, (container, options) => ({
    kind: options.state === "ON" ? "start" : "stop",
    container,
  })),
  start: plain("start"),
  stop: plain("stop"),
  restart: plain("restart"),
  pause: plain("pause"),
  unpause: plain("unpause"),
  backup: plain("backup"),
  restore: row(
    pressed("restore"),
    { file: name.max(longestFile).optional(), ...restoreBody },
    (container, { file, name: wanted, ...options }) => ({
      ...{ kind: "restore_wanted", container, options: restoreOptionsFrom(options) },
      ...(file === undefined ? {} : { file }),
      ...(wanted === undefined ? {} : { name: wanted }),
    }),
  ),
  check: plain("check"),
  auto_update: row(onOrOff, { state }, (container, options) => ({
    kind: "auto_update",
    container,
    on: options.state === "ON",
  })),
};

/** The commands on `command/<command>`. */
const nodeCommands: Readonly<Record<string, CommandRow>> = {
  check: row(pressed("check"), {}, () => ({ kind: "check" })),
  prune: row(
    pressed("prune"),
    {
      what: z.enum(pruneKinds).optional(),
      all: z.boolean().optional(),
      older_than: z.union([z.string(), z.number()]).optional(),
      dry_run: dryRun,
    },
    (_, options) => {
      const wish = pruneWishFrom(options);
      return wish === undefined ? undefined : { kind: "prune", ...wish, ...asDryRun(options) };
    },
  ),
  backup_all: row(pressed("backup_all"), {}, () => ({ kind: "backup_all" })),
  rediscover: row(pressed("rediscover"), {}, () => ({ kind: "rediscover" })),
  update_all: row(
    pressed("update_all"),
    {
      containers: z.array(name).min(1).max(mostNames).optional(),
      image: name.optional(),
      project: name.optional(),
      dry_run: dryRun,
    },
    (_, { containers, image, project, ...options }) => ({
      kind: "update_all",
      ...(containers === undefined ? {} : { containers }),
      ...(image === undefined ? {} : { image }),
      ...(project === undefined ? {} : { project }),
      ...asDryRun(options),
    }),
  ),
  auto_update: row(onOrOff, { state, container: name.optional() }, (_, { state: wanted, container }) => ({
    kind: "auto_update",
    ...(container === undefined ? {} : { container }),
    on: wanted === "ON",
  })),
};

/**
 * Reads a message on a command topic; undefined for other topics. `exists` tells whether there is a container of a name:
 * but for a restore, which can bring back what is gone, there has to be one.
 * A retained message is not for here: its sender may be long gone.
 */
export function parseCommand(
  message: Pick<BrokerMessage, "topic" | "payload">,
  topics: Topics,
  exists: (container: string) => boolean,
): Heard | undefined {
  const target = topics.parseCommand(message.topic);
  if (target === undefined) return undefined;
  const container = target.container ?? null;
  const body = bodyFrom(message.payload);
  const refuse = (text: string, named = container): Heard => ({
    kind: "refusal",
    command: target.command,
    container: named,
    id: body.id,
    message: text,
  });
  const refuseUnknown = (named: string): Heard => refuse(`There is no container named "${named}".`, named);

  const table = container === null ? nodeCommands : containerCommands;
  const found = Object.hasOwn(table, target.command) ? table[target.command] : undefined;
  if (found === undefined) {
    return refuse(`There is no command "${target.command}" here; there are ${Object.keys(table).sort().join(", ")}.`);
  }
  const isRestore = target.command === "restore";
  if (container !== null && !isRestore && !exists(container)) return refuseUnknown(container);
  const options = optionsFrom(found, body);
  const command = options === undefined ? undefined : found.commandFrom(container ?? "", options);
  if (command === undefined) return refuse(expectation(target.command, found));
  if (command.kind === "restore_wanted") return { kind: "restore", wanted: command, id: body.id };
  const named = "container" in command ? command.container : undefined;
  if (named !== undefined && !exists(named)) return refuseUnknown(named);
  return { kind: "command", command, id: body.id };
}

type Body =
  | { readonly kind: "word"; readonly word: string; readonly id?: undefined }
  | { readonly kind: "object"; readonly object: object; readonly id: string | undefined }
  | { readonly kind: "garbage"; readonly id?: undefined };

function bodyFrom(payload: string): Body {
  if (payload.length > longestPayload) return { kind: "garbage" };
  const text = payload.trim();
  if (!text.startsWith("{")) return { kind: "word", word: text };
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object !== "object" || object === null) return { kind: "garbage" };
    return { kind: "object", object, id: id.safeParse((object as { readonly id?: unknown }).id).data };
  } catch {
    return { kind: "garbage" };
  }
}

function optionsFrom({ words }: CommandRow, body: Body): object | undefined {
  if (body.kind === "garbage") return undefined;
  if (body.kind === "object") return body.object;
  return Object.hasOwn(words, body.word) ? words[body.word] : undefined;
}

function expectation(command: string, { words, members }: CommandRow): string {
  const shown = Object.keys(words).filter((word) => word !== "");
  const empty = Object.hasOwn(words, "") ? "an empty payload, " : "";
  const options = [...members.map((member) => `"${member}"`), `"id" (up to ${longestId} characters)`];
  return `"${command}" takes ${empty}${shown.join(" or ")}, or JSON with ${options.join(", ")}; nothing was changed.`;
}
