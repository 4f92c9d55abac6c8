import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../../lib/log.ts";
import { createAttempts } from "../../attempts.ts";
import { endUnread } from "../../body-time.ts";
import { type GateDependencies, guard } from "../../gate.ts";
import type { Door } from "../../server.ts";
import type { ProfileSubject } from "../profile.ts";
import { sessionIn, tokenIn } from "../session-cookie.ts";
import { type Answer, denialAnswer, refused, send } from "./answers.ts";
import type { Asked } from "./asked.ts";
import { createDownloads } from "./downloads.ts";
import { type MonkeyRoute, monkeyRoutes } from "./routes.ts";

/** The profile `monkey`: the HTTP API of Container Monkey, at the root of a listener or below `prefix`. */
export function monkeyDoor(subject: ProfileSubject, gate: GateDependencies, prefix: string | undefined): Door {
  return {
    ...(prefix === undefined ? {} : { prefix }),
    open: (app, closing) => {
      const kept = { ...subject, ...gate, attempts: createAttempts(), downloads: createDownloads(subject) };
      const refuse: Parameters<typeof guard>[2]["refuse"] = (denial, reply) => send(reply, denialAnswer(denial));
      guard(app, gate, { refuse, look: (request) => sessionIn(request, subject.sessions) }, closing);
      takeBodies(app);
      endUnread(app);
      answerRest(app, gate.log);
      const surroundings = { closing, cookiePath: prefix ?? "/", auth: () => gate.rules().auth };
      for (const route of monkeyRoutes) {
        const { method, path, access, form } = route;
        const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
          const node = subject.nodes().find(subject.isFirst);
          if (node === undefined) return send(reply, noEngine);
          return send(reply, await answerTo(route, { ...kept, node }, askedBy(request, reply, surroundings)));
        };
        const config = { access, ...(form === true ? { bytes: true as const } : {}) };
        const url = path.replaceAll(/<(?<name>\w+)>/g, ":$<name>");
        app.route({ method, url, config, handler, exposeHeadRoute: method === "GET" });
      }
    },
  };
}

const noEngine = refused(503, "Docker client not available", {
  message: "Gangway has not reached the engine yet.",
  help: "Gangway's log says why.",
});

const offWord =
  "This is off: http.monkey.destructive turns on what deletes things and restores backups; it is false now";

async function answerTo(
  route: MonkeyRoute,
  subject: Parameters<MonkeyRoute["answer"]>[0],
  asked: Asked,
): Promise<Answer> {
  if (route.destructive === true && !subject.monkey.destructive) return refused(403, offWord);
  return await route.answer(subject, asked);
}

function askedBy(
  request: FastifyRequest,
  reply: FastifyReply,
  { closing, cookiePath, auth }: { closing: AbortSignal; cookiePath: string; auth: () => boolean },
): Asked {
  const { body, raw, caller, params, query } = request;
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body) && !(body instanceof Readable);
  return {
    ...{ raw, caller, cookiePath, closing, token: tokenIn(request), auth: auth() },
    params: params as Asked["params"],
    query: query as Asked["query"],
    body: isObject ? (body as Asked["body"]) : {},
    form: body instanceof Readable ? body : undefined,
    isSecure: request.protocol === "https",
    signal: AbortSignal.any([gone.signal, closing]),
  };
}

/** Bodies are JSON, whatever their type says; forms with a file are read as they come. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^multipart\/form-data/, (request, content, done) => {
    if (request.routeOptions.config.bytes !== true) content.resume();
    const { socket } = request.raw;
    content.once("end", () => socket.setTimeout(0));
    done(null, request.routeOptions.config.bytes === true ? content : {});
  });
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, JSON.parse(String(body)));
    } catch {
      done(null, {});
    }
  });
}

function answerRest(app: FastifyInstance, log: Log): void {
  const nothing = refused(404, "Not found: docs/monkey.md says which routes there are");
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) send(reply, nothing);
    else done();
  });
  app.setNotFoundHandler((_request, reply) => send(reply, nothing));
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, refused(status, status === 413 ? "Request too large" : "Bad request"));
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return send(reply, refused(500, "Internal server error; Gangway's log says why"));
  });
}
