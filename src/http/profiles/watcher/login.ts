import { z } from "zod";
import { sessionSeconds } from "../../sessions.ts";
import { type Answer, untyped } from "./answers.ts";
import { type Asked, parsed, type WatcherSubject } from "./asked.ts";

/** The cookie's name. */
export const cookieName = "session";

const Credentials = z.looseObject({ user: z.string(), pass: z.string() });
const wrongMethod = untyped({ error: "method not allowed" }, 405);
const tooMany = untyped({ error: "too many attempts, try later" }, 429);

/** `POST /api/login`. Whoever guesses waits longer each time. */
export async function logIn(subject: WatcherSubject, asked: Asked): Promise<Answer> {
  const { method, body, caller, auth, closing } = asked;
  if (method !== "POST") return wrongMethod;
  const { data } = Credentials.safeParse(parsed(body));
  if (data === undefined) return untyped({ error: "bad request" }, 400);
  const done = untyped({ status: "ok" });
  // Nobody has to be known: there is nothing to begin.
  if (!auth) return done;
  const address = caller?.address ?? "";
  // Held also while the answer to a wrong one waits.
  using attempt = subject.failures.isFull(address) ? undefined : subject.attempts.begin(address);
  if (attempt === undefined) return tooMany;
  const holder = await subject.users.holderOf(data.user, data.pass);
  if (holder === undefined) {
    if (subject.mention(`login ${address}`)) {
      subject.log.warn({ address }, "a login was refused: wrong name or password");
    }
    await subject.failures.note(address, closing);
    return untyped({ error: "invalid credentials" }, 401);
  }
  return { ...done, headers: { "set-cookie": cookie(asked, subject.sessions.begin(holder), sessionSeconds) } };
}

export function logOut({ sessions }: WatcherSubject, asked: Asked): Answer {
  if (asked.method !== "POST") return wrongMethod;
  sessions.end(asked.token);
  return { ...untyped({ status: "ok" }), headers: { "set-cookie": cookie(asked, "", 0) } };
}

function cookie({ cookiePath, isSecure }: Asked, token: string, seconds: number): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName}=${token}; Path=${cookiePath}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}
