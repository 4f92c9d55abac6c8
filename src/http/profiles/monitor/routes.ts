import type { Caller, RouteAccess } from "../../access.ts";
import type { ProfileSubject } from "../profile.ts";
import { type Answer, ok } from "./answers.ts";
import { diagnosis, health } from "./diagnosis.ts";
import { danglingImages, pruneImages } from "./images.ts";
import { changeSettings, settingsAnswer } from "./settings.ts";
import { metricsOfOne, statusOfAll, statusOfOne } from "./status.ts";
import { updateContainer } from "./update.ts";

/** A request, as far as routes look at it. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** An empty object where the body is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly caller: Caller | null;
  /** Aborts when whoever asked has gone, or the server closes. */
  readonly signal: AbortSignal;
}

export interface MonitorRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly access: RouteAccess;
  /** For the README. */
  readonly summary: string;
  /** Does it say `"ok": false` where the key is missing? */
  readonly saysOk?: true;
  readonly answer: (subject: ProfileSubject, asked: Asked) => Answer | Promise<Answer>;
}

const read: RouteAccess = { scope: "read" };
const control: RouteAccess = { scope: "control" };
/** Also while the API is off, for this is the way to turn it on. */
const settings: RouteAccess = { scope: "admin", whileDisabled: true };

/** What Docker Monitor Image says where its page is turned off. */
const welcome = {
  endpoints: [
    "/diag",
    "/status",
    "/metrics/<name>",
    "/update_container",
    "/images/unused",
    "/images/prune",
    "/settings",
  ],
  message: "GUI disabled. API endpoints are available.",
  status: "ok",
};

/** The routes of Docker Monitor Image, in the order of the README's table. */
export const monitorRoutes: readonly MonitorRoute[] = [
  {
    method: "GET",
    path: "/",
    access: {},
    summary: "What there is; nobody has to be known.",
    answer: () => ok(welcome),
  },
  {
    ...{ method: "GET", path: "/diag", access: read, saysOk: true },
    summary: "Asks the engine for its containers; also who may use its socket.",
    answer: (subject, { signal }) => diagnosis(subject, signal),
  },
  {
    ...{ method: "GET", path: "/health", access: read, saysOk: true },
    summary: "The same without the socket.",
    answer: (subject, { signal }) => health(subject, signal),
  },
  {
    ...{ method: "GET", path: "/status", access: read },
    summary: "All containers with figures and update status; `force=1`, `light=1`.",
    answer: statusOfAll,
  },
  {
    ...{ method: "GET", path: "/status/<name>", access: read },
    summary: "The same of one, by its name or the beginning of its id.",
    answer: statusOfOne,
  },
  {
    ...{ method: "GET", path: "/metrics/<name>", access: read },
    summary: "The figures of one.",
    answer: metricsOfOne,
  },
  {
    ...{ method: "POST", path: "/update_container", access: control },
    summary: 'Updates `{"name": "web"}`; 202 where that takes longer than 55 seconds.',
    answer: updateContainer,
  },
  {
    ...{ method: "GET", path: "/images/unused", access: read },
    summary: "The images without a tag.",
    answer: (subject, { signal }) => danglingImages(subject, signal),
  },
  {
    ...{ method: "POST", path: "/images/prune", access: control },
    summary: "Removes those of them that nothing needs.",
    answer: pruneImages,
  },
  {
    ...{ method: "GET", path: "/settings", access: settings },
    summary: "Who may use the API. The key itself is never shown.",
    answer: ({ access }) => settingsAnswer(access),
  },
  {
    ...{ method: "POST", path: "/settings", access: settings },
    summary: "Changes what is given: `api_enabled`, `auth_enabled`, `api_key`, `generate_api_key`, `allowed_cidrs`.",
    answer: ({ access }, { body, caller }) => changeSettings(access, body, caller),
  },
];
