import { z } from "zod";

/**
 * Home Assistant's WebSocket API (https://developers.home-assistant.io/docs/api/websocket), one connection of it: what
 * is not in its REST API, such as the registries, the log and events.
 */
export interface HomeAssistantSocket extends Disposable {
  /** Sends a command and resolves with its result; throws what Home Assistant says where it refuses. */
  readonly ask: <T>(command: SocketCommand, Result: z.ZodType<T>) => Promise<T>;
  /** Subscribes to all of its events; `heard` is called at each. */
  readonly subscribe: (heard: (event: HomeAssistantEvent) => void) => Promise<void>;
}

/** The command's `type` and its members; the id is added. */
export interface SocketCommand {
  readonly type: string;
  readonly [member: string]: unknown;
}

const EventFrame = z.object({ event_type: z.string(), data: z.record(z.string(), z.unknown()) });
export type HomeAssistantEvent = z.infer<typeof EventFrame>;

const Frame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("auth_required") }),
  z.object({ type: z.literal("auth_ok") }),
  z.object({ type: z.literal("auth_invalid"), message: z.string() }),
  z.object({
    type: z.literal("result"),
    id: z.int(),
    success: z.boolean(),
    result: z.unknown(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  z.object({ type: z.literal("event"), id: z.int(), event: EventFrame }),
]);

/** Connects to `url` (`http://…`) and shows the token; throws where nobody answers or the token is refused. */
export async function openSocket(url: string, token: string): Promise<HomeAssistantSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/websocket`);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners = new Map<number, (event: HomeAssistantEvent) => void>();
  const opened = Promise.withResolvers<void>();
  let last = 0;

  socket.addEventListener("message", ({ data }) => {
    const frame = Frame.parse(JSON.parse(String(data)));
    switch (frame.type) {
      case "auth_required":
        socket.send(JSON.stringify({ type: "auth", access_token: token }));
        return;
      case "auth_ok":
        opened.resolve();
        return;
      case "auth_invalid":
        opened.reject(new Error(`Home Assistant refuses the token: ${frame.message}`));
        return;
      case "event":
        listeners.get(frame.id)?.(frame.event);
        return;
      case "result": {
        const asked = waiting.get(frame.id);
        waiting.delete(frame.id);
        if (frame.success) asked?.resolve(frame.result);
        else asked?.reject(new Error(`Home Assistant answers ${frame.error?.code}: ${frame.error?.message}`));
        return;
      }
      default:
        frame satisfies never;
    }
  });
  const gone = (): void => {
    const reason = new Error("the connection to Home Assistant is gone");
    opened.reject(reason);
    for (const asked of waiting.values()) asked.reject(reason);
    waiting.clear();
  };
  socket.addEventListener("close", gone);
  socket.addEventListener("error", gone);
  await opened.promise;

  const send = (command: SocketCommand, id: number): Promise<unknown> => {
    const asked = Promise.withResolvers<unknown>();
    waiting.set(id, asked);
    if (socket.readyState !== WebSocket.OPEN) gone();
    else socket.send(JSON.stringify({ id, ...command }));
    return asked.promise;
  };
  return {
    ask: async (command, Result) => {
      last += 1;
      return Result.parse(await send(command, last));
    },
    subscribe: async (heard) => {
      last += 1;
      listeners.set(last, heard);
      await send({ type: "subscribe_events" }, last);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
