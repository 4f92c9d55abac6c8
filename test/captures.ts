import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerInspect, ImageInspect } from "../src/core/inspect.ts";
import { parseExact } from "../src/lib/exact-json.ts";

/** A real engine's answer to an inspect of the container `name`; test/captures/README.md says what it is. */
export function capturedContainer(name: string): ContainerInspect {
  return read(`inspect-${name}`) as ContainerInspect;
}

/** A real engine's answer to an inspect of the image `app:<version>`. */
export function capturedImage(version: string): ImageInspect {
  return read(`image-app-${version}`) as ImageInspect;
}

function read(name: string): unknown {
  return parseExact(readFileSync(join(import.meta.dirname, "captures", `${name}.json`), "utf8"));
}
