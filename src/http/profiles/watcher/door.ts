import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../../lib/log.ts";
import type { Shown } from "../../access.ts";
import { createAttempts } from "../../attempts.ts";
import { type GateDependencies, guard } from "../../gate.ts";
import type { Door } from "../../server.ts";
import type { ProfileSubject } from "../profile.ts";
import { sessionIn, tokenIn } from "../session-cookie.ts";
import { denialAnswer, line, notFound, send } from "./answers.ts";
import type { Asked } from "./asked.ts";
import { createRecentIds } from "./recent-ids.ts";
import { watcherRoutes } from "./routes.ts";

const looking = ["GET", "HEAD", "OPTIONS"];
const changing = ["POST", "PUT", "PATCH", "DELETE"];

/** The profile `watcher`: the HTTP API of Docker Image Watcher, at the root of a listener or below `prefix`. */
export function watcherDoor(subject: ProfileSubject, gate: GateDependencies, prefix: string | undefined): Door {
  return {
    ...(prefix === undefined ? {} : { prefix }),
    open: (app, closing) => {
      const watched = { ...subject, ...gate, recent: createRecentIds(), attempts: createAttempts() };
      const auth = (): boolean => gate.rules().auth;
      const look = (request: FastifyRequest): Shown => sessionIn(request, subject.sessions);
      const refuse: Parameters<typeof guard>[2]["refuse"] = (denial, reply) =>
        send(reply, denialAnswer(denial), auth());
      guard(app, gate, { refuse, look }, closing);
      takeAnyBody(app);
      answerRest(app, gate.log, auth);
      for (const { path, access, changing: change, answer } of watcherRoutes) {
        const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
          const asked = askedBy(request, { closing, prefix, auth: auth() });
          return send(reply, await answer(watched, asked), asked.auth);
        };
        const common = { url: path, exposeHeadRoute: false, handler };
        app.route({ ...common, method: looking, config: { access } });
        app.route({ ...common, method: changing, config: { access: change } });
      }
    },
  };
}

function askedBy(
  request: FastifyRequest,
  {
    closing,
    prefix,
    auth,
  }: { readonly closing: AbortSignal; readonly prefix: string | undefined; readonly auth: boolean },
): Asked {
  const { "*": rest = "" } = request.params as { readonly "*"?: string };
  return {
    method: request.method,
    rest,
    body: typeof request.body === "string" ? request.body : "",
    caller: request.caller,
    token: tokenIn(request),
    cookiePath: prefix ?? "/",
    isSecure: request.protocol === "https",
    auth,
    closing,
  };
}

/** Bodies are JSON, whatever their type says. */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
}

function answerRest(app: FastifyInstance, log: Log, auth: () => boolean): void {
  // Before a body is read: what it holds makes no difference.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) send(reply, notFound, auth());
    else done();
  });
  app.setNotFoundHandler((_request, reply) => send(reply, notFound, auth()));
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, line(status, status === 413 ? "request too large" : "bad request"), auth());
    log.error({ err: error, method: request.method, route: request.routeOptions.url }, "an HTTP request failed");
    return send(reply, line(500, "internal server error"), auth());
  });
}
