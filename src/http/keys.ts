import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type AddressSet, addressSet } from "../lib/addresses.ts";

/** What a key is good for: `control` contains `read`, `admin` both. */
export const scopes = ["read", "control", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** A key for a purpose, as configured. */
export interface NamedKey {
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** Where it may come from; absent: from everywhere that is let in at all. */
  readonly allowedIps?: readonly string[];
}

/** Whom a key stands for. */
export interface KeyHolder {
  readonly name: string;
  /** The highest of its scopes. */
  readonly scope: Scope;
  readonly allowed: AddressSet | undefined;
}

/** Keys to compare with; only their hashes are kept. */
export interface KeyRing {
  /** Whom `key` stands for; takes the same time whichever it is, and whether it is one. */
  readonly holderOf: (key: string) => KeyHolder | undefined;
}

/** The ring with the key that may do everything, where there is one, and the others. */
export function keyRing(apiKey: string | undefined, named: readonly NamedKey[]): KeyRing {
  const main =
    apiKey === undefined
      ? []
      : [{ hash: hashOf(apiKey), holder: { name: "api_key", scope: "admin" as const, allowed: undefined } }];
  const others = named.map(({ name, key, scopes: granted, allowedIps }) => ({
    hash: hashOf(key),
    holder: {
      name,
      scope: scopes.findLast((scope) => granted.includes(scope)) ?? "read",
      allowed: allowedIps === undefined ? undefined : addressSet(allowedIps),
    },
  }));
  const all: readonly { readonly hash: Buffer; readonly holder: KeyHolder }[] = [...main, ...others];
  return {
    holderOf: (key) => {
      const hash = hashOf(key);
      let found: KeyHolder | undefined;
      for (const { hash: known, holder } of all) {
        if (timingSafeEqual(known, hash)) found = holder;
      }
      return found;
    },
  };
}

/** Is `granted` enough for what asks for `wanted`? */
export function covers(granted: Scope, wanted: Scope): boolean {
  return scopes.indexOf(granted) >= scopes.indexOf(wanted);
}

/** A key that nobody guesses: 32 characters that need no quoting in shells, addresses and YAML. */
export function newKey(): string {
  return randomBytes(24).toString("base64url");
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
