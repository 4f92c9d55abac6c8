const headerBytes = 8;

/**
 * The text of a container's log. Without a TTY the engine sends frames: stream (0 to 2), three zero bytes, length as a
 * 32-bit big-endian number, then the bytes (Engine API, "Stream format"); with one it sends the bytes alone.
 */
export function logText(body: Buffer): string {
  const texts: string[] = [];
  let at = 0;
  while (at + headerBytes <= body.length) {
    const isHeader = body.readUInt8(at) <= 2 && body.readUIntBE(at + 1, 3) === 0;
    if (!isHeader) break;
    const end = at + headerBytes + body.readUInt32BE(at + 4);
    texts.push(body.toString("utf8", at + headerBytes, end));
    at = end;
  }
  if (at < body.length) texts.push(body.toString("utf8", at));
  return texts.join("");
}
