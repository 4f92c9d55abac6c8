import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The body is bytes, and may take as long as it takes. */
    bytes?: true;
  }
}

const usualMs = 30_000;

/**
 * A body must have come within 30 seconds, or `refuse` is given its connection: whoever sends a byte now and then would
 * hold it for ever. Node.js's own limit knows no exception, and a backup takes its time. That one is only ended where
 * nothing comes at all, by the limit for silent connections.
 */
export function limitBodyTime(app: FastifyInstance, refuse: (socket: Socket) => void, longestMs = usualMs): void {
  app.addHook("onRequest", ({ raw, routeOptions }, _reply, done) => {
    const { "content-length": length = "0", "transfer-encoding": encoding } = raw.headers;
    const { socket } = raw;
    if (routeOptions.config.bytes !== true && (encoding !== undefined || length !== "0")) {
      const timer = setTimeout(() => {
        if (!raw.complete) refuse(socket);
      }, longestMs);
      raw.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
    }
    done();
  });
}

const usualLingerMs = 3_000;

/** Where bytes are refused before all have come, whoever sends them has a moment to read why. */
export function endUnread(app: FastifyInstance, lingerMs = usualLingerMs): void {
  app.addHook("onRequest", ({ raw, routeOptions }, reply, done) => {
    // A request that was left in the middle has no connection any more.
    const { socket } = raw;
    const end = (): void => {
      if (raw.complete) return;
      raw.resume();
      setTimeout(() => {
        if (!raw.complete) socket.destroy();
      }, lingerMs).unref();
    };
    if (routeOptions.config.bytes === true) reply.raw.once("finish", end);
    done();
  });
}
