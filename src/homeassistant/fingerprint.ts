import { hash } from "node:crypto";

/** Stands for a payload where it is only to be told whether another one is the same. */
export function fingerprintOf(payload: string): string {
  return hash("sha1", payload, "base64");
}
