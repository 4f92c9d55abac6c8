/** What `text` says; undefined where it is not JSON. The parser's own error would quote it, secrets and all. */
export function jsonFrom(text: string | Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
