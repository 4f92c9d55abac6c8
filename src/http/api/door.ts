import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from "fastify";
import type { z } from "zod";
import type { Log } from "../../lib/log.ts";
import { endUnread } from "../body-time.ts";
import { type GateDependencies, guard } from "../gate.ts";
import type { Door } from "../server.ts";
import { createStream } from "./events.ts";
import { handlersFor } from "./handlers.ts";
import { type Answer, denialProblem, type Mistake, mistakesFrom, problem } from "./problem.ts";
import { allRoutes, apiPrefix, type RouteDeclaration } from "./routes.ts";
import type { ApiSubject } from "./subject.ts";

/** Gangway's own API, under /api/v1: the routes of routes.ts, errors as RFC 9457 has them. */
export function apiDoor(subject: ApiSubject, gate: GateDependencies): Door {
  return {
    prefix: apiPrefix,
    open: (app, closing) => {
      guard(app, gate, { refuse: (denial, reply) => send(reply, denialProblem(denial)) }, closing);
      takeJson(app);
      takeBytes(app);
      answerProblems(app, gate.log);
      const handlers = handlersFor(subject);
      const stream = createStream(subject, closing);
      for (const [name, route] of Object.entries(allRoutes)) {
        const { method, path, access } = route;
        const url = path.replaceAll(/\{(?<name>\w+)\}/g, ":$<name>");
        const own = handlers[name];
        const handler: RouteHandlerMethod = async (request, reply) => {
          const asked = parsed(route, request);
          if ("status" in asked) return send(reply, asked);
          if (own !== undefined)
            return send(reply, await own({ ...asked, ...surroundingsOf(request, reply, closing) }));
          const answer = stream(reply, asked.query);
          return answer === undefined ? reply : send(reply, answer);
        };
        const config = { access, ...(route.bytes === true ? { bytes: true as const } : {}) };
        app.route({ method, url, handler, config, exposeHeadRoute: methodsOf(route).includes("HEAD") });
      }
    },
  };
}

function surroundingsOf(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal) {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return { caller: request.caller, raw: request.raw, signal: AbortSignal.any([gone.signal, closing]) };
}

/** The parts of a request, or a problem with all that is wrong in them. */
function parsed(route: RouteDeclaration, request: FastifyRequest) {
  const mistakes: Mistake[] = [];
  const part = (name: Mistake["in"], schema: z.ZodObject | undefined, value: unknown) => {
    const found = schema?.safeParse(value);
    if (found?.error !== undefined) mistakes.push(...mistakesFrom(name, found.error));
    return found?.data ?? {};
  };
  const params = part("path", route.params, request.params);
  const query = part("query", route.query, request.query);
  const body = route.bytes === true ? request.body : part("body", route.body, request.body ?? {});
  if (mistakes.length === 0) return { params, query, body };
  const [first] = mistakes;
  const where =
    first === undefined ? "" : ` (${first.in}${first.name === "" ? "" : ` ${first.name}`}: ${first.message})`;
  return problem(400, "invalid_request", `The request makes no sense${where}; nothing was changed.`, {
    errors: mistakes,
  });
}

/** JSON only, but for routes that take bytes; and an empty body is none: many programs send a content type with nothing. */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (typeof body === "string" && body.trim() === "") done(null, undefined);
    else void parse(request, String(body), done);
  });
}

/** Hands the bytes on as they come. While what has come is looked at, the connection may be silent for long. */
function takeBytes(app: FastifyInstance): void {
  app.addContentTypeParser("application/octet-stream", (request, content, done) => {
    const { raw, routeOptions } = request;
    if (routeOptions.config.bytes !== true) return done(Object.assign(new Error("not here"), { statusCode: 415 }));
    const { socket } = raw;
    content.once("end", () => socket.setTimeout(0));
    done(null, content);
  });
  endUnread(app);
}

const bodyProblems: Readonly<Record<number, readonly [error: string, detail: string]>> = {
  400: ["invalid_request", "The request cannot be read: is its body JSON?"],
  413: ["too_large", "The body is larger than anything that makes sense here."],
  415: [
    "unsupported_media_type",
    "Bodies are JSON, with Content-Type: application/json; that of an upload is the file, with application/octet-stream.",
  ],
};

function answerProblems(app: FastifyInstance, log: Log): void {
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) send(reply, routeProblem(request));
    else done();
  });
  app.setNotFoundHandler((request, reply) => send(reply, routeProblem(request)));
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    const [word, detail] = bodyProblems[status] ?? bodyProblems[400] ?? ["invalid_request", ""];
    if (status < 500) return send(reply, problem(status, word, detail));
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return send(reply, problem(500, "internal_error", "Gangway has failed; its log says why."));
  });
}

/** A stream has no end, so that nobody can say how it would have been answered. */
function methodsOf({ method, answers }: RouteDeclaration): readonly string[] {
  return method === "GET" && answers[200]?.mediaType !== "text/event-stream" ? ["GET", "HEAD"] : [method];
}

const patterns = Object.values(allRoutes).map((route) => ({
  methods: methodsOf(route),
  pattern: new RegExp(`^${apiPrefix}${route.path.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`),
}));

/** Nothing there at all, or not with this method. */
function routeProblem(request: FastifyRequest): Answer {
  const path = request.url.replace(/[?#].*$/s, "");
  const allowed = [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
  if (allowed.length === 0) return problem(404, "not_found", "There is no such route; /api/v1/openapi.json has all.");
  const detail = `This route takes ${allowed.join(", ")}.`;
  return problem(405, "method_not_allowed", detail, { headers: { allow: allowed.join(", ") } });
}

function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  return reply.code(status).header("cache-control", "no-store").headers(headers).send(body);
}
