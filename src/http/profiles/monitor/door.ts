import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../../lib/log.ts";
import { type GateDependencies, guard } from "../../gate.ts";
import type { Door } from "../../server.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, denialAnswer, send } from "./answers.ts";
import { type Asked, monitorRoutes } from "./routes.ts";

/** The profile `monitor`: the HTTP API of Docker Monitor Image, at the root of a listener or below `prefix`. */
export function monitorDoor(subject: ProfileSubject, gate: GateDependencies, prefix: string | undefined): Door {
  return {
    ...(prefix === undefined ? {} : { prefix }),
    open: (app, closing) => {
      const below = prefix ?? "";
      const withOk = new Set(monitorRoutes.flatMap(({ path, saysOk }) => (saysOk === true ? [below + path] : [])));
      const refuse: Parameters<typeof guard>[2]["refuse"] = (denial, reply) =>
        send(reply, denialAnswer(denial, withOk.has(reply.request.routeOptions.url ?? "")));
      guard(app, gate, { refuse }, closing);
      takeAnyBody(app);
      answerPages(app, below, gate.log);
      for (const { method, path, access, answer } of monitorRoutes) {
        app.route({
          ...{ method, url: path.replaceAll(/<(?<name>\w+)>/g, ":$<name>"), config: { access } },
          handler: async (request, reply) => send(reply, await answer(subject, askedBy(request, reply, closing))),
        });
      }
    },
  };
}

function askedBy(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): Asked {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return {
    params: request.params as Asked["params"],
    query: request.query as Asked["query"],
    body: objectFrom(request.body),
    caller: request.caller,
    signal: AbortSignal.any([gone.signal, closing]),
  };
}

/** A body that cannot be read is as good as none. */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
    const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(request.headers["content-type"] ?? "");
    done(null, isJson ? parsed(String(body)) : undefined);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectFrom(body: unknown): Asked["body"] {
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Asked["body"]) : {};
}

const allowedAt = monitorRoutes.map(({ method, path }) => ({
  methods: method === "GET" ? ["GET", "HEAD", "OPTIONS"] : ["OPTIONS", "POST"],
  pattern: new RegExp(`^${path.replaceAll(/<\w+>/g, "[^/]+")}$`),
}));

function answerPages(app: FastifyInstance, below: string, log: Log): void {
  const refuseRoute = (request: FastifyRequest): Answer => {
    const path = request.url.slice(below.length).replace(/[?#].*$/s, "") || "/";
    const found = allowedAt.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (found.length === 0) return { status: 404 };
    return { status: 405, headers: { allow: [...new Set(found)].sort().join(", ") } };
  };
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status, headers = {} } = refuseRoute(request);
    const isQuestion = status === 405 && request.method === "OPTIONS";
    if (!isQuestion) return send(reply, { status, headers });
    return reply.code(200).headers(headers).header("content-type", "text/html; charset=utf-8").send("");
  };
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) answer(request, reply);
    else done();
  });
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, { status });
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return send(reply, { status: 500 });
  });
}
