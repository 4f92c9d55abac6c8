import { z } from "zod";
import { beginSession } from "../log-in.ts";
import { cookieEnded, cookieWith } from "../session-cookie.ts";
import { type Answer, untyped } from "./answers.ts";
import { type Asked, parsed, type WatcherSubject } from "./asked.ts";

const Credentials = z.looseObject({ user: z.string(), pass: z.string() });
const wrongMethod = untyped({ error: "method not allowed" }, 405);
const tooMany = untyped({ error: "too many attempts, try later" }, 429);

/** `POST /api/login`. Whoever guesses waits longer each time. */
export async function logIn(subject: WatcherSubject, asked: Asked): Promise<Answer> {
  const { method, body, auth } = asked;
  if (method !== "POST") return wrongMethod;
  const { data } = Credentials.safeParse(parsed(body));
  if (data === undefined) return untyped({ error: "bad request" }, 400);
  const done = untyped({ status: "ok" });
  // Nobody has to be known: there is nothing to begin.
  if (!auth) return done;
  const login = await beginSession(subject, { name: data.user, password: data.pass }, asked);
  if (login.kind === "too_many") return tooMany;
  if (login.kind === "wrong") return untyped({ error: "invalid credentials" }, 401);
  return { ...done, headers: cookieWith(login.token, asked) };
}

export function logOut({ sessions }: WatcherSubject, asked: Asked): Answer {
  if (asked.method !== "POST") return wrongMethod;
  sessions.end(asked.token);
  return { ...untyped({ status: "ok" }), headers: cookieEnded(asked) };
}
