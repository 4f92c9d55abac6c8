import { createInterface } from "node:readline";
import type Docker from "dockerode";
import { createTail, type Moment, type Tail } from "./tail.ts";

/** What the engine says of a container; its time is the engine's own. */
export interface EngineEvent extends Moment {
  readonly action: string;
  readonly id: string;
  readonly name: string;
}

export interface EngineEvents extends Omit<Tail<EngineEvent>, "push">, AsyncDisposable {}

interface EventMessage {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: { readonly name?: string } };
  readonly timeNano: number;
}

const nsPerMs = 1_000_000;

/** Listens to the engine until that ends or the listener is disposed of. */
export async function watchEngine(docker: Docker): Promise<EngineEvents> {
  const { push, ...tail } = createTail<EngineEvent>();
  const end = new AbortController();
  const stream = await docker.getEvents({ filters: { type: ["container"] }, abortSignal: end.signal });
  stream.on("error", () => {});
  const lines = createInterface({ input: stream });
  lines.on("error", () => {});
  lines.on("line", (line) => {
    const { Action: action, Actor, timeNano } = JSON.parse(line) as EventMessage;
    push({ action, id: Actor.ID, name: Actor.Attributes.name ?? "", time: timeNano / nsPerMs });
  });
  return {
    ...tail,
    [Symbol.asyncDispose]: () => {
      end.abort();
      return Promise.resolve();
    },
  };
}
