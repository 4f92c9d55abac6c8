import { z } from "zod";
import { beginSession } from "../log-in.ts";
import { cookieEnded, cookieWith } from "../session-cookie.ts";
import { type Answer, ok, refused } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";

const Credentials = z.looseObject({ username: z.string().min(1), password: z.string().min(1) });

/** `POST /api/login`. Whoever guesses waits longer each time. */
export async function logIn(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  const { data } = Credentials.safeParse(asked.body);
  if (data === undefined) return refused(400, "Username and password are required");
  const { username, password } = data;
  const answer = ok({ success: true, username });
  // Nobody has to be known: there is nothing to begin.
  if (!asked.auth) return answer;
  const login = await beginSession(subject, { name: username, password }, asked);
  if (login.kind === "too_many") return refused(429, "Too many attempts, try later");
  if (login.kind === "wrong") return refused(401, "Invalid username or password");
  return { ...answer, headers: cookieWith(login.token, asked) };
}

export function logOut({ sessions }: MonkeySubject, asked: Asked): Answer {
  sessions.end(asked.token);
  return { ...ok({ success: true }), headers: cookieEnded(asked) };
}

export function authStatus({ sessions }: MonkeySubject, { token, auth }: Asked): Answer {
  const holder = token === "" ? undefined : sessions.holderOf(token);
  if (holder !== undefined) return ok({ logged_in: true, username: holder.name });
  return ok(auth ? { logged_in: false } : { logged_in: true, username: "anonymous" });
}

/** Its users are in a database of its own; ours are not ours to change. */
export function changePassword(): Answer {
  return refused(403, "Users stand in the configuration (http.users): change the password there and restart Gangway");
}
