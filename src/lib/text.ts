/** Natural order for lists that people read: `web2` before `web10`, upper and lower case together. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Compares two texts as a person would sort them; a total order (ties are broken by code units). */
export function compareNaturally(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Cuts `text` to `length` characters, the last of them an ellipsis where something was cut. */
export function truncate(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Any text as a name made of `[a-z0-9-]` only; the empty string where nothing remains. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
