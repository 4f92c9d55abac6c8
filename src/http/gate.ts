import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { plainAddress } from "../lib/addresses.ts";
import type { Log } from "../lib/log.ts";
import { type AccessRules, type Caller, type Denial, decideAccess, type RouteAccess, type Shown } from "./access.ts";
import type { Failures } from "./failures.ts";
import type { KeyRing } from "./keys.ts";
import type { Mention } from "./mentions.ts";
import { corsHeaders, type PageHeaders, pageOf, preflightHeaders } from "./origins.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Absent: as for reading. */
    access?: RouteAccess;
  }
  interface FastifyRequest {
    /** Who asks; null where no gate has let anyone in. */
    caller: Caller | null;
  }
}

export interface GateDependencies {
  /** What is in force now. */
  readonly rules: () => AccessRules & { readonly keys: KeyRing };
  /** Origins of pages that may use the API. */
  readonly cors: readonly string[];
  readonly failures: Failures;
  readonly mention: Mention;
  readonly log: Log;
}

/** What each profile has of its own. */
export interface GateForm {
  /** Answers who is not let in. */
  readonly refuse: (denial: Denial, reply: FastifyReply) => FastifyReply;
  /** Credentials besides the key, such as a session or a password; `none` where there are none in the request. */
  readonly look?: (request: FastifyRequest) => Shown | Promise<Shown>;
}

const longestAddress = 64;
const open: RouteAccess = { whileDisabled: true };
const read: RouteAccess = { scope: "read" };

/**
 * Stands before every route of `app`, also before those that there are not: nobody comes in, and no body is read, before
 * `decideAccess` has said so. Routes say in `config.access` what they want. `closing` ends waits.
 */
export function guard(app: FastifyInstance, deps: GateDependencies, form: GateForm, closing: AbortSignal): void {
  app.addHook("onRequest", async (request, reply) => {
    const address = plainAddress(addressIn(request));
    const headers = pageHeadersOf(request);
    const rules = deps.rules();
    const page = pageOf(headers, deps.cors, !rules.auth);
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    const route = isPreflight ? open : (request.routeOptions.config.access ?? read);
    const changes = !["GET", "HEAD", "OPTIONS"].includes(request.method);
    let penalty = Promise.resolve();
    // At once: what else has come on this connection is asked about before anything waits.
    const onWrong = (): void => {
      penalty = deps.failures.note(address ?? "", closing);
    };
    const seen = { failures: deps.failures, keys: rules.keys, onWrong };
    const look = (): Shown | Promise<Shown> => lookAt(request, seen, form, address ?? "");
    const decision = await decideAccess({ address, page, changes, route }, rules, look);
    const isKnown = !("kind" in decision);
    if (page === "allowed" && (isKnown || decision.kind !== "address"))
      reply.headers(corsHeaders(headers.origin ?? ""));
    if (!isKnown) {
      tell(deps, request, decision);
      await penalty;
      return form.refuse(decision, reply);
    }
    if (isPreflight && page === "allowed") return reply.code(204).headers(preflightHeaders).send();
    request.caller = decision;
    return undefined;
  });
}

/** Empty where the client has gone already. */
function addressIn({ ip }: { readonly ip: string | undefined }): string {
  return ip ?? "";
}

function pageHeadersOf({ headers, host }: FastifyRequest): PageHeaders {
  const site = headers["sec-fetch-site"];
  return { origin: headers.origin, host, site: typeof site === "string" ? site : undefined };
}

/** What a look at credentials needs. */
interface Looking {
  readonly keys: KeyRing;
  /** Told of a wrong key before anything else is looked at. */
  readonly onWrong: () => void;
}

function lookAt(
  request: FastifyRequest,
  { failures, keys, onWrong }: Pick<GateDependencies, "failures"> & Looking,
  form: GateForm,
  address: string,
): Shown | Promise<Shown> {
  if (failures.isFull(address)) return { kind: "slowed" };
  const key = keyIn(request);
  if (key === undefined) return form.look?.(request) ?? { kind: "none" };
  const holder = keys.holderOf(key);
  if (holder !== undefined) return { kind: "holder", holder };
  onWrong();
  return { kind: "wrong" };
}

/** The key in a request: `X-API-Key`, `Authorization: Bearer`, or `?key=`. */
function keyIn({ headers, query }: FastifyRequest): string | undefined {
  const header = headers["x-api-key"];
  if (typeof header === "string" && header !== "") return header;
  const bearer = /^Bearer +(?<token>\S+) *$/i.exec(headers.authorization ?? "")?.groups?.["token"];
  if (bearer !== undefined) return bearer;
  const { key } = query as { readonly key?: unknown };
  if (key === undefined || key === "") return undefined;
  // Twice is none that we have given to anyone.
  return typeof key === "string" ? key : "";
}

/** Logs a denial where somebody may have to do something about it. */
function tell({ log, mention }: GateDependencies, request: FastifyRequest, denial: Denial): void {
  const address = plainAddress(addressIn(request)) ?? addressIn(request).slice(0, longestAddress);
  const isDue = (): boolean => mention(`${denial.kind} ${address}`);
  switch (denial.kind) {
    case "address":
      if (isDue())
        log.warn({ address, setting: denial.setting }, "an HTTP request was refused: its address is not allowed");
      return;
    case "credentials":
      if (denial.shown && isDue()) log.warn({ address }, "an HTTP request was refused: wrong key");
      return;
    case "slowed":
      if (isDue()) log.warn({ address }, "HTTP requests are refused: too many wrong keys");
      return;
    case "foreign_page":
      if (isDue()) {
        const origin = request.headers.origin?.slice(0, 200);
        log.warn(
          { address, origin, setting: "http.cors" },
          "an HTTP request was refused: a page of another site sent it",
        );
      }
      return;
    case "disabled":
    case "scope":
      return;
    default:
      denial satisfies never;
  }
}
