/**
 * Raw headers (name, value, name, …) as they came, without those that are about one connection only. A proxy then asks
 * the server to keep its connection open: asked to close it, the server may do so before Node's last, empty write, which
 * fails, and the answer is lost.
 */
export function endToEnd(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, index) => {
    const name = rawHeaders[index - (index % 2)]?.toLowerCase();
    return name !== "connection" && name !== "keep-alive";
  });
}
