import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { GangwayError } from "../lib/errors.ts";

const longestLine = 4 * 1024 * 1024;

/** The lines of a stream of newline-delimited JSON, without empty ones. A line over 4 MiB is an error, not a memory leak. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.write(chunk as Buffer);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line;
    if (rest.length > longestLine) {
      throw new GangwayError("engine_answer_invalid", "The engine sent a line of more than 4 MiB");
    }
  }
  rest += decoder.end();
  if (rest.trim() !== "") yield rest;
}
