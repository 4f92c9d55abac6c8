import type { z } from "zod";

/** Home Assistant's REST API (https://developers.home-assistant.io/docs/api/rest), as far as it is needed. */
export interface HomeAssistantRest {
  readonly get: <T>(path: string, Answer: z.ZodType<T>) => Promise<T>;
  /** Sends `body` as JSON, or as a form where it is URLSearchParams. Throws the answer where it is no success. */
  readonly post: <T>(path: string, body: object, Answer: z.ZodType<T>) => Promise<T>;
}

/** Its door at `url`, with an access token where there is one yet. */
export function restAt(url: string, token?: string): HomeAssistantRest {
  const ask = async <T>(path: string, init: RequestInit, Answer: z.ZodType<T>): Promise<T> => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const response = await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`Home Assistant answers ${response.status} to ${path}: ${text}`);
    return Answer.parse(JSON.parse(text));
  };
  return {
    get: (path, Answer) => ask(path, {}, Answer),
    post: (path, body, Answer) => {
      if (body instanceof URLSearchParams) return ask(path, { method: "POST", body }, Answer);
      const headers = { "content-type": "application/json" };
      return ask(path, { method: "POST", headers, body: JSON.stringify(body) }, Answer);
    },
  };
}
