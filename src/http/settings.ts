import type { AccessSettings, SavedAccess } from "../core/doors.ts";
import { addressRangeFrom, addressSet } from "../lib/addresses.ts";
import { createListeners } from "../lib/listeners.ts";
import type { Log, Secrets } from "../lib/log.ts";
import type { Caller } from "./access.ts";
import { newKey } from "./keys.ts";

export interface AccessStoreDependencies {
  readonly configured: AccessSettings;
  readonly saved: SavedAccess;
  /** Where `saved` is kept. */
  readonly path: string;
  readonly secrets: Pick<Secrets, "register">;
  readonly log: Log;
}

/** What somebody wants to change. */
export interface AccessWish extends Partial<Omit<AccessSettings, "apiKey">> {
  readonly apiKey?: string;
  /** Make a new key in place of the old one. */
  readonly generateApiKey?: true;
}

export type AccessChange =
  /** `newKey`: the one that was made, to be shown this once. */
  { readonly kind: "changed"; readonly newKey?: string } | { readonly kind: "refused"; readonly reason: string };

/** The settings of access in force: what was changed while Gangway ran, else the configuration. */
export interface AccessStore {
  /** The same object until something changes. */
  readonly current: () => AccessSettings;
  /** Told after each change. */
  readonly subscribe: (listener: () => void) => Disposable;
  /** Which of them `settings.json` decides. */
  readonly saved: () => readonly (keyof AccessSettings)[];
  /** `by`: who wants it, so that nobody locks himself out, or takes the key. Rejects with `file_failed`. */
  readonly change: (wish: AccessWish, by: Pick<Caller, "address" | "shown">) => Promise<AccessChange>;
  /** Makes a key where one is asked for and there is none. */
  readonly ensureKey: () => Promise<void>;
}

/** Reads what was saved, and says where it wins over the configuration. */
export function openAccessStore({ configured, saved, path, secrets, log }: AccessStoreDependencies): AccessStore {
  const read = (): AccessSettings => {
    const { allowedIps, ...rest } = saved.get();
    const ranges = allowedIps?.filter((range) => addressRangeFrom(range) !== undefined) ?? [];
    if (allowedIps !== undefined && ranges.length < allowedIps.length) {
      log.error({ path, setting: "allowed_cidrs" }, "addresses in settings.json that are none count for nothing");
    }
    // Nobody could come in any more to put it right.
    return { ...configured, ...rest, ...(ranges.length === 0 ? {} : { allowedIps: ranges }) };
  };
  let current = read();
  const keepSecret = ({ apiKey }: AccessSettings): void => {
    if (apiKey !== undefined) secrets.register(apiKey);
  };
  keepSecret(current);
  const winning = keysOf(saved.get()).filter((key) => isOther(saved.get()[key], configured[key]));
  if (winning.length > 0) log.info({ path, settings: winning }, "settings.json wins over the configuration");

  const listeners = createListeners<void>();
  const save = async (changed: Partial<AccessSettings>): Promise<void> => {
    if (keysOf(changed).length === 0) return;
    await saved.set(changed);
    current = { ...current, ...changed };
    keepSecret(current);
    listeners.tell();
  };
  return {
    current: () => current,
    subscribe: listeners.subscribe,
    saved: () => keysOf(saved.get()),
    change: async (wish, by) => {
      const { generateApiKey, ...changed } = wish;
      const reason = reasonAgainst(wish, current, by);
      if (reason !== undefined) return { kind: "refused", reason };
      const isKeyless = (changed.auth ?? current.auth) && (changed.apiKey ?? current.apiKey) === undefined;
      const made = generateApiKey === true || (isKeyless && changed.auth === true) ? newKey() : undefined;
      await save({ ...changed, ...(made === undefined ? {} : { apiKey: made }) });
      log.info({ settings: keysOf(changed), address: by.address }, "HTTP settings were changed");
      return { kind: "changed", ...(made === undefined ? {} : { newKey: made }) };
    },
    ensureKey: async () => {
      if (current.apiKey !== undefined) return;
      const apiKey = newKey();
      secrets.register(apiKey);
      try {
        await save({ apiKey });
        log.info({ path, setting: "api_key" }, "a key for the HTTP API was made; settings.json has it");
      } catch (error) {
        log.error({ err: error, setting: "http.api_key" }, "no key for the HTTP API could be kept; set one");
      }
    },
  };
}

function reasonAgainst(
  wish: AccessWish,
  current: AccessSettings,
  { address, shown }: Pick<Caller, "address" | "shown">,
): string | undefined {
  const { allowedIps, apiKey, generateApiKey } = wish;
  if (apiKey !== undefined && generateApiKey === true) return "Either a key is given, or one is to be made.";
  const isOfKey = generateApiKey === true || apiKey !== undefined;
  // A listener that asks for none lets people in, but not so that they open those that do.
  if (shown !== "admin" && current.auth && (isOfKey || keysOf(wish).length > 0)) {
    return "A key is asked for elsewhere: whoever changes who may come in has to show one that may do everything.";
  }
  // Also while no key is asked for: whoever may come could otherwise shut out those who have it. And also where it is the
  // same one: who only guesses it must not learn that.
  if (shown !== "admin" && isOfKey && current.apiKey !== undefined) {
    return "There is a key already: whoever gives one has to show it.";
  }
  if (allowedIps === undefined) return undefined;
  const wrong = allowedIps.filter((range) => addressRangeFrom(range) === undefined);
  if (wrong.length > 0) return `These are no addresses or ranges: ${wrong.join(", ")}.`;
  if (addressSet(allowedIps).has(address)) return undefined;
  return `You come from ${address}, which is not among them: you would be locked out.`;
}

function keysOf(settings: Partial<AccessSettings>): readonly (keyof AccessSettings)[] {
  return (["enabled", "auth", "apiKey", "allowedIps"] as const).filter((key) => settings[key] !== undefined);
}

function isOther(saved: unknown, configured: unknown): boolean {
  return configured !== undefined && JSON.stringify(saved) !== JSON.stringify(configured);
}
