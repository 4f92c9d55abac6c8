import type { Config } from "../config/config.ts";

/** Where the Gangway of this configuration answers, as this machine reaches it: `http://127.0.0.1:5000`. */
export function ownAddress({ http }: Pick<Config, "http">): string {
  const { host, port } = http.listen;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
