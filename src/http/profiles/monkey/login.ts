import { z } from "zod";
import { sessionSeconds } from "../../sessions.ts";
import { type Answer, ok, refused } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";

/** The cookie's name. */
export const cookieName = "session";

const Credentials = z.looseObject({ username: z.string().min(1), password: z.string().min(1) });

/** `POST /api/login`. Whoever guesses waits longer each time. */
export async function logIn(subject: MonkeySubject, asked: Asked): Promise<Answer> {
  const { data } = Credentials.safeParse(asked.body);
  if (data === undefined) return refused(400, "Username and password are required");
  const { username, password } = data;
  const answer = ok({ success: true, username });
  // Nobody has to be known: there is nothing to begin.
  if (!asked.auth) return answer;
  const address = asked.caller?.address ?? "";
  // Held also while the answer to a wrong one waits.
  using attempt = subject.failures.isFull(address) ? undefined : subject.attempts.begin(address);
  if (attempt === undefined) return refused(429, "Too many attempts, try later");
  const holder = await subject.users.holderOf(username, password);
  if (holder === undefined) {
    if (subject.mention(`login ${address}`)) {
      subject.log.warn({ address }, "a login was refused: wrong name or password");
    }
    await subject.failures.note(address, asked.closing);
    return refused(401, "Invalid username or password");
  }
  return { ...answer, headers: { "set-cookie": cookie(asked, subject.sessions.begin(holder), sessionSeconds) } };
}

export function logOut({ sessions }: MonkeySubject, asked: Asked): Answer {
  sessions.end(asked.token);
  return { ...ok({ success: true }), headers: { "set-cookie": cookie(asked, "", 0) } };
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

function cookie({ cookiePath, isSecure }: Asked, token: string, seconds: number): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName}=${token}; Path=${cookiePath}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
