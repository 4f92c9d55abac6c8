import { z } from "zod";
import type { Command } from "../core/operation.ts";
import type { BrokerMessage } from "../core/ports.ts";
import type { Topics } from "./topics.ts";

/** What a message on a command topic comes to. */
export type Heard =
  | { readonly kind: "command"; readonly command: Command; readonly id: string | undefined }
  | {
      readonly kind: "refusal";
      readonly command: string;
      readonly container: string | null;
      readonly id: string | undefined;
      readonly message: string;
    };

const longestId = 64;
const longestPayload = 4_096;

const noOptions = z.strictObject({ id: z.string().min(1).max(longestId).optional() });
const onOff = noOptions.extend({ state: z.enum(["ON", "OFF"]) });

/** What a command may be given instead of JSON, and what command it makes. */
interface CommandRow {
  readonly words: readonly string[];
  /** Takes `ON` or `OFF`, as a word or as the JSON member `state`. */
  readonly takesState?: boolean;
  readonly make: (container: string, state: "ON" | "OFF") => Command;
}

const pressed = ["", "PRESS"];

/** The commands on `container/<name>/command/<command>`. */
const containerCommands: Readonly<Record<string, CommandRow>> = {
  update: { words: [...pressed, "update", "install"], make: (container) => ({ kind: "update", container }) },
  power: {
    words: [],
    takesState: true,
    make: (container, state) => ({ kind: state === "ON" ? "start" : "stop", container }),
  },
  start: { words: [...pressed, "start"], make: (container) => ({ kind: "start", container }) },
  stop: { words: [...pressed, "stop"], make: (container) => ({ kind: "stop", container }) },
  restart: { words: [...pressed, "restart"], make: (container) => ({ kind: "restart", container }) },
  pause: { words: [...pressed, "pause"], make: (container) => ({ kind: "pause", container }) },
  unpause: { words: [...pressed, "unpause"], make: (container) => ({ kind: "unpause", container }) },
  check: { words: [...pressed, "check"], make: (container) => ({ kind: "check", container }) },
};

/** The commands on `command/<command>`. */
const nodeCommands: Readonly<Record<string, CommandRow>> = {
  check: { words: [...pressed, "check"], make: () => ({ kind: "check" }) },
  rediscover: { words: [...pressed, "rediscover"], make: () => ({ kind: "rediscover" }) },
};

/**
 * Reads a message on a command topic; undefined for other topics. `exists` tells whether there is a container of a name.
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
  const refuse = (text: string): Heard => ({
    kind: "refusal",
    command: target.command,
    container,
    id: body.id,
    message: text,
  });

  const table = container === null ? nodeCommands : containerCommands;
  const row = Object.hasOwn(table, target.command) ? table[target.command] : undefined;
  if (row === undefined) {
    return refuse(`There is no command "${target.command}" here; there are ${Object.keys(table).sort().join(", ")}.`);
  }
  if (container !== null && !exists(container)) return refuse(`There is no container named "${container}".`);
  const state = stateFrom(row, body);
  if (state === undefined) return refuse(expectation(target.command, row));
  return { kind: "command", command: row.make(container ?? "", state), id: body.id };
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
    const id = noOptions.shape.id.safeParse((object as { readonly id?: unknown }).id).data;
    return { kind: "object", object, id };
  } catch {
    return { kind: "garbage" };
  }
}

/** The state that the payload asks for (`ON` where the command takes none); undefined where the payload makes no sense. */
function stateFrom(row: CommandRow, body: Body): "ON" | "OFF" | undefined {
  if (body.kind === "garbage") return undefined;
  if (body.kind === "word") {
    if (row.takesState === true) return body.word === "ON" || body.word === "OFF" ? body.word : undefined;
    return row.words.includes(body.word) ? "ON" : undefined;
  }
  if (row.takesState === true) return onOff.safeParse(body.object).data?.state;
  return noOptions.safeParse(body.object).success ? "ON" : undefined;
}

function expectation(command: string, row: CommandRow): string {
  const id = `"id" with up to ${longestId} characters`;
  if (row.takesState === true) {
    return `"${command}" takes ON or OFF, or JSON with "state" and, if wanted, ${id}; nothing was changed.`;
  }
  const words = row.words.filter((word) => word !== "").join(" or ");
  return `"${command}" takes an empty payload, ${words}, or JSON with ${id}; nothing was changed.`;
}
