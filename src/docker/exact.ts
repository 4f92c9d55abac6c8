import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { parseExact } from "../lib/exact-json.ts";

interface DialOptions {
  readonly path: string;
  readonly method: "GET";
  readonly isStream: true;
  readonly statusCodes: Readonly<Record<number, true | string>>;
  readonly abortSignal: AbortSignal;
}

type Dial = (options: DialOptions, done: (error: unknown, stream: Readable) => void) => void;

/**
 * A GET whose integers beyond 2^53 survive (as raw JSON): what is inspected is sent back to the engine when a container
 * is recreated, and dockerode's own `inspect` would round it. Rejects with what dockerode throws.
 */
export async function getExact(docker: Docker, path: string, signal: AbortSignal): Promise<unknown> {
  const modem = docker.modem as { readonly dial: Dial };
  const answer = await new Promise<Readable>((resolve, reject) => {
    const options: DialOptions = {
      path,
      method: "GET",
      isStream: true,
      statusCodes: { 200: true },
      abortSignal: signal,
    };
    modem.dial(options, (error, stream) => (error === null ? resolve(stream) : reject(error as Error)));
  });
  return parseExact(await text(answer));
}
