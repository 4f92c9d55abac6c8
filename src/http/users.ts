import { hashPassword, isPassword } from "../lib/password.ts";
import type { KeyHolder } from "./keys.ts";

/** A user as configured: with a hash as `lib/password` makes it, or with the password itself. */
export interface ConfiguredUser {
  readonly name: string;
  readonly passwordHash?: string;
  readonly password?: string;
}

/** Those who may log in with a name and a password. */
export interface Users {
  /** Whom they stand for; takes the same time whether there is such a user or not. */
  readonly holderOf: (name: string, password: string) => Promise<KeyHolder | undefined>;
}

/** Nobody remembers more, and each byte costs work. */
const longestPassword = 1_000;

/** Hashes what is not hashed yet, so that all passwords are compared in the same way. */
export async function openUsers(configured: readonly ConfiguredUser[]): Promise<Users> {
  const hashes = new Map<string, string>();
  for (const { name, passwordHash, password = "" } of configured) {
    hashes.set(name, passwordHash ?? (await hashPassword(password)));
  }
  const [anyHash] = hashes.values();
  // One after the other: each look takes megabytes, and anyone can ask for one.
  let last: Promise<unknown> = Promise.resolve();
  return {
    holderOf: async (name, password) => {
      if (anyHash === undefined || password.length > longestPassword) return undefined;
      const hash = hashes.get(name);
      const look = last.then(() => isPassword(hash ?? anyHash, password));
      last = look.catch(() => {});
      const isRight = await look;
      return isRight && hash !== undefined ? { name, scope: "admin", allowed: undefined } : undefined;
    },
  };
}
