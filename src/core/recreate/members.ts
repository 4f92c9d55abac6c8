import { isDeepStrictEqual } from "node:util";

type Members = Readonly<Record<string, unknown>>;

/** The members that have a value: undefined stands for "leave it out", null is a value. */
export function present<T extends Members>(members: T): { readonly [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** The members of `own` that `image` does not have with the same value; all of them where nothing is known of it. */
export function without<T>(own: Readonly<Record<string, T>>, image: Members | null | undefined): Record<string, T> {
  return Object.fromEntries(
    Object.entries(own).filter(([key, value]) => {
      const known = image !== null && image !== undefined && Object.hasOwn(image, key);
      return !(known && isDeepStrictEqual(image[key], value));
    }),
  );
}

/** Has it nothing to say? The engine takes null, an absent member and an empty list, map or text for the same in most places. */
export function isEmpty(value: unknown): value is null | undefined {
  if (value === null || value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** `value`, or undefined where it has nothing to say. */
export function unlessEmpty<T>(value: T): NonNullable<T> | undefined {
  return isEmpty(value) ? undefined : (value as NonNullable<T>);
}
