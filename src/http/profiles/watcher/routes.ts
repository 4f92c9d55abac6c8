import { z } from "zod";
import type { Command } from "../../../core/operation.ts";
import type { Caller, RouteAccess } from "../../access.ts";
import { type Answer, jsonLine, line, methodNotAllowed, untyped } from "./answers.ts";
import { type Asked, parsed, type WatcherSubject } from "./asked.ts";
import { groupsOf, shownImage, type Watched, watchedOf } from "./groups.ts";
import { logIn, logOut } from "./login.ts";
import { progressOf } from "./progress.ts";

export interface WatcherRoute {
  /** A `*` at the end stands for everything. */
  readonly path: string;
  /** Of requests that change nothing, and of those that may. */
  readonly access: RouteAccess;
  readonly changing: RouteAccess;
  readonly answer: (subject: WatcherSubject, asked: Asked) => Answer | Promise<Answer>;
  /** For the README: each method and path with what it does. */
  readonly uses: readonly { readonly method: string; readonly path: string; readonly summary: string }[];
}

const read: RouteAccess = { scope: "read" };
const control: RouteAccess = { scope: "control" };
/** Nobody has to be known. */
const anyone: RouteAccess = {};

const updating = untyped({ status: "updating" });
const unknownAction = line(400, "unknown action");

/** The routes of Docker Image Watcher, in the order of the README's table. */
export const watcherRoutes: readonly WatcherRoute[] = [
  {
    ...{ path: "/api/images", access: read, changing: control },
    answer: (subject, { method }) => (method === "GET" ? jsonLine(groupsOf(watchedOf(subject))) : methodNotAllowed),
    uses: [{ method: "GET", path: "/api/images", summary: "The running containers, by image." }],
  },
  {
    ...{ path: "/api/images/*", access: read, changing: control, answer: containerAnswer },
    uses: [
      { method: "POST", path: "/api/images/{id}/update", summary: "Updates a container." },
      { method: "POST", path: "/api/images/{id}/auto-update", summary: "Turns its automatic updates on, or off." },
      { method: "GET", path: "/api/images/{id}/progress", summary: "How far its update is." },
    ],
  },
  {
    ...{ path: "/api/groups/*", access: read, changing: control, answer: groupAnswer },
    uses: [
      {
        method: "POST",
        path: "/api/groups/update",
        summary: "Updates the containers of the image in the body; also as `/api/groups/<image>/update`, without one.",
      },
    ],
  },
  {
    ...{ path: "/api/login", access: anyone, changing: anyone, answer: logIn },
    uses: [{ method: "POST", path: "/api/login", summary: "Begins a session of a user in `http.users`." }],
  },
  {
    ...{ path: "/api/logout", access: anyone, changing: anyone, answer: logOut },
    uses: [{ method: "POST", path: "/api/logout", summary: "Ends it." }],
  },
  {
    ...{ path: "/api/auth/status", access: anyone, changing: anyone },
    answer: (_, { auth }) => untyped({ enabled: auth }),
    uses: [{ method: "GET", path: "/api/auth/status", summary: "Must somebody be known?" }],
  },
  {
    ...{ path: "/health", access: anyone, changing: anyone, answer: () => ({ status: 200, text: "" }) },
    uses: [{ method: "GET", path: "/health", summary: "Nothing, with 200." }],
  },
];

/** `/api/images/{id}/{action}`, with its checks in their order. */
async function containerAnswer(subject: WatcherSubject, { method, rest, caller }: Asked): Promise<Answer> {
  const [id = "", action = "", ...more] = rest.split("/");
  if (id === "" || action === "" || more.length > 0) return line(400, "bad path: /api/images/{id}/{action}");
  if (action === "progress" && method !== "GET") return methodNotAllowed;
  if (action === "progress") return progressAnswer(subject, id);
  if (method !== "POST") return methodNotAllowed;
  const found = watchedOf(subject).find((one) => one.id === id);
  if (found === undefined) return line(404, "container not found");
  switch (action) {
    case "update":
      update(subject, [found], caller);
      return updating;
    case "auto-update":
      return await toggle(found, caller);
    default:
      return unknownAction;
  }
}

/** By its present id, or by the one that it had when its update was asked for here. */
function progressAnswer(subject: WatcherSubject, id: string): Answer {
  const shown = watchedOf(subject).find((one) => one.id === id);
  const before = subject.recent.get(id);
  const entry = shown?.entry ?? before?.node.inventory.get(before.name);
  const progress = entry === undefined ? undefined : progressOf(entry, subject.clock.now());
  return progress === undefined ? line(404, "no progress") : jsonLine(progress);
}

function update(subject: WatcherSubject, watched: readonly Watched[], caller: Caller | null): void {
  for (const { id, node, entry } of watched) {
    const { name } = entry.container;
    subject.recent.put(id, { node, name });
    node.operations.submit({ kind: "update", container: name }, sourceOf(caller));
  }
}

/** Where a label decides it stays as it is, and the answer says so. */
async function toggle({ node, entry }: Watched, caller: Caller | null): Promise<Answer> {
  const { name } = entry.container;
  const command: Command = { kind: "auto_update", container: name, on: !node.autoUpdateOf(entry).isOn };
  await node.operations.submit(command, sourceOf(caller)).done;
  return jsonLine({ auto_update: node.autoUpdateOf(node.inventory.get(name) ?? entry).isOn });
}

const Group = z.looseObject({ image: z.string().min(1) });

/** `/api/groups/update` with the image in the body, or, as the documentation has it, with the image in the path. */
function groupAnswer(subject: WatcherSubject, { method, rest, body, caller }: Asked): Answer {
  if (rest === "") return line(404, "not found");
  const inPath = /^(?<image>.+)\/update$/s.exec(rest)?.groups?.["image"];
  if (rest !== "update" && inPath === undefined) return unknownAction;
  if (method !== "POST") return methodNotAllowed;
  const image = inPath ?? Group.safeParse(parsed(body)).data?.image;
  if (image === undefined) return line(400, "bad request");
  const wanted = shownImage(image);
  const members = watchedOf(subject).filter((one) => one.image === wanted);
  update(subject, members, caller);
  return updating;
}

function sourceOf(caller: Caller | null): string {
  return caller?.name == null ? "http" : `http ${caller.name}`;
}
