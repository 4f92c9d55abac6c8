import { covers, type KeyHolder, type Scope } from "./keys.ts";
import type { Page } from "./origins.ts";

/*
 * Who may come in: decided in one place, in the contract's order, for every route of every profile.
 */

/** What a route wants of whoever asks. */
export interface RouteAccess {
  /** Absent: nobody has to be known, as for a page's own files. */
  readonly scope?: Scope;
  /** Does it answer while the API is off: the way to turn it on? */
  readonly whileDisabled?: true;
}

/** Who asks, as far as it has been found out. */
export interface Caller {
  /** The plain address of the client, which proxies may have told. */
  readonly address: string;
  /** The name of the key; null where none was asked for. */
  readonly name: string | null;
  readonly scope: Scope;
  /** The scope of the key that was shown: null where none was, because none was asked for. */
  readonly shown: Scope | null;
}

/** The door and whom it has let in, as operations and their log know it. */
export function sourceOf(caller: Caller | null): string {
  return caller?.name == null ? "http" : `http ${caller.name}`;
}

/** Why somebody is not let in; each profile has words of its own for it. */
export type Denial =
  /** `setting`: the key of the configuration that would have to allow it. */
  | { readonly kind: "address"; readonly setting: string }
  | { readonly kind: "disabled" }
  | { readonly kind: "foreign_page" }
  /** `shown`: with credentials, but wrong ones. */
  | { readonly kind: "credentials"; readonly shown: boolean }
  /** Too many wrong credentials: these have not been looked at. */
  | { readonly kind: "slowed" }
  | { readonly kind: "scope"; readonly wanted: Scope };

/** All that the decision depends on. */
export interface AccessQuestion {
  /** Undefined where it cannot be told, as behind a proxy that sends nonsense. */
  readonly address: string | undefined;
  readonly page: Page;
  /** Can the request change something? */
  readonly changes: boolean;
  readonly route: RouteAccess;
}

/** What is in force on a listener at this moment. */
export interface AccessRules {
  readonly isAllowed: (address: string) => boolean;
  /** The setting behind `isAllowed`. */
  readonly allowedSetting: string;
  readonly enabled: boolean;
  readonly auth: boolean;
}

/** What a look at the credentials has come to. */
export type Shown =
  | { readonly kind: "none" }
  | { readonly kind: "wrong" }
  | { readonly kind: "slowed" }
  | { readonly kind: "holder"; readonly holder: KeyHolder };

/**
 * Source address → API enabled → page → credentials → scope. `look` is asked for the credentials only when everything
 * before them is right. Where they are not asked for, and not shown, `admin` looks at the page once more.
 */
export async function decideAccess(
  { address, page, changes, route }: AccessQuestion,
  rules: AccessRules,
  look: () => Shown | Promise<Shown>,
): Promise<Caller | Denial> {
  if (address === undefined || !rules.isAllowed(address)) return { kind: "address", setting: rules.allowedSetting };
  if (!rules.enabled && route.whileDisabled !== true) return { kind: "disabled" };
  // A page that somebody has opened elsewhere has his address, and maybe no key is asked for.
  if (changes && page === "foreign") return { kind: "foreign_page" };
  const anybody: Caller = { address, name: null, scope: "admin", shown: null };
  // Where no key is asked for, there are still things that only whoever has it may do: it counts if it is shown.
  if (route.scope === undefined || (!rules.auth && route.scope !== "admin")) return anybody;
  const shown = await look();
  if (!rules.auth && shown.kind === "none") {
    // What only `admin` may do is also reading what is secret. What `read` shows is not, so that names may go on leading
    // to it: nothing tells a script that uses one from a page that has let its own lead here.
    const isLured = page === "foreign" || (page === "untold" && !changes);
    return isLured ? { kind: "foreign_page" } : anybody;
  }
  switch (shown.kind) {
    case "none":
    case "wrong":
      return { kind: "credentials", shown: shown.kind === "wrong" };
    case "slowed":
      return { kind: "slowed" };
    case "holder": {
      const { name, scope, allowed } = shown.holder;
      if (allowed?.has(address) === false) return { kind: "address", setting: `http.keys (${name}).allowed_ips` };
      if (!rules.auth) return { ...anybody, name, shown: scope };
      return covers(scope, route.scope)
        ? { address, name, scope, shown: scope }
        : { kind: "scope", wanted: route.scope };
    }
  }
}
