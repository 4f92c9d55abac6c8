import type { EndpointConfig } from "../src/core/inspect.ts";
import type { Request } from "./engine-model.ts";

/** What the cases may count on: a directory of the host, and the container group of the bed. */
export interface Place {
  readonly hostDirectory: string;
  readonly controlGroup: string;
}

/** A container as somebody may have created it, by the flags of `docker run`. */
export interface RecreateCase {
  readonly flags: string;
  readonly request: Request | ((place: Place) => Request);
  readonly connect?: readonly { readonly network: string; readonly endpoint: EndpointConfig }[];
  readonly disconnect?: readonly string[];
  /** Why it is created and compared only, and not started. */
  readonly createOnly?: string;
  /** The engine has lost the record of its image. */
  readonly forgotten?: true;
}

/** A request of host settings alone. */
export function host(hostConfig: Readonly<Record<string, unknown>>): Request {
  return { HostConfig: hostConfig };
}
