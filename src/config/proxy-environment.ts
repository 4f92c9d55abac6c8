import type { Environment } from "./environment.ts";
import type { Problem } from "./problems.ts";

/** The proxies that the environment names for requests to other machines. */
export interface Proxies {
  /** For `https://`: `HTTPS_PROXY`, else `HTTP_PROXY`. May hold credentials. */
  readonly https?: URL;
  /** For `http://`. May hold credentials. */
  readonly http?: URL;
  /** `NO_PROXY` as it was written. */
  readonly except: string;
}

interface Reading {
  readonly name: string;
  readonly url: URL | undefined;
}

/**
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as most programs read them: the name in lower case wins, an address without
 * scheme is `http://`, an empty variable counts as absent.
 */
export function proxiesFrom(environment: Environment): {
  readonly proxies: Proxies;
  readonly problems: readonly Problem[];
} {
  const secure = proxyAt(environment, "HTTPS_PROXY");
  const plain = proxyAt(environment, "HTTP_PROXY");
  const https = (secure ?? plain)?.url;
  const http = plain?.url;
  const except = variable(environment, "NO_PROXY")?.text ?? "";
  const unusable = [secure, plain].filter((reading) => reading !== undefined).filter(({ url }) => url === undefined);
  return {
    proxies: { ...(https === undefined ? {} : { https }), ...(http === undefined ? {} : { http }), except },
    problems: unusable.map(({ name }) => ({
      origin: { kind: "environment", name },
      key: "",
      expected: "a proxy's address such as http://proxy.example:3128",
      found: "something else",
    })),
  };
}

/** What is secret in proxies' addresses, in each form in which it is sent or written. */
export function proxySecrets({ https, http }: Proxies): readonly string[] {
  return [https, http].flatMap((url) => {
    if (url === undefined || url.password === "") return [];
    const password = decodeURIComponent(url.password);
    const shown = `${decodeURIComponent(url.username)}:${password}`;
    return [url.password, password, Buffer.from(shown, "utf8").toString("base64")];
  });
}

function variable(
  environment: Environment,
  name: string,
): { readonly name: string; readonly text: string } | undefined {
  return [name.toLowerCase(), name]
    .map((candidate) => ({ name: candidate, text: environment[candidate]?.trim() ?? "" }))
    .find(({ text }) => text !== "");
}

function proxyAt(environment: Environment, wanted: string): Reading | undefined {
  const found = variable(environment, wanted);
  if (found === undefined) return undefined;
  const address = found.text.includes("://") ? found.text : `http://${found.text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isProxy =
    url !== undefined && ["http:", "https:"].includes(url.protocol) && [url.username, url.password].every(isWhole);
  return { name: found.name, url: isProxy ? url : undefined };
}

/** A `%` in credentials has to be written as `%25`. */
function isWhole(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
