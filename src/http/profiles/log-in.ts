import type { Caller } from "../access.ts";
import type { Attempts } from "../attempts.ts";
import type { GateDependencies } from "../gate.ts";
import type { ProfileSubject } from "./profile.ts";

/** What has become of a login; each profile says it in its own words. */
export type Login =
  | { readonly kind: "too_many" }
  | { readonly kind: "wrong" }
  | { readonly kind: "begun"; readonly token: string };

export interface LoginSubject
  extends Pick<ProfileSubject, "users" | "sessions">,
    Pick<GateDependencies, "failures" | "mention" | "log"> {
  readonly attempts: Attempts;
}

/** Begins a session of a user of the configuration. Whoever guesses waits longer each time. */
export async function beginSession(
  { users, sessions, attempts, failures, mention, log }: LoginSubject,
  { name, password }: { readonly name: string; readonly password: string },
  { caller, closing }: { readonly caller: Caller | null; readonly closing: AbortSignal },
): Promise<Login> {
  const address = caller?.address ?? "";
  // Held also while the answer to a wrong one waits.
  using attempt = failures.isFull(address) ? undefined : attempts.begin(address);
  if (attempt === undefined) return { kind: "too_many" };
  const holder = await users.holderOf(name, password);
  if (holder !== undefined) return { kind: "begun", token: sessions.begin(holder) };
  if (mention(`login ${address}`)) log.warn({ address }, "a login was refused: wrong name or password");
  await failures.note(address, closing);
  return { kind: "wrong" };
}
