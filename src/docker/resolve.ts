import { lookup } from "node:dns/promises";

/** The addresses of a host; none where it cannot be resolved. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
