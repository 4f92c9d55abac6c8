import { nameFrom } from "../container.ts";
import { networksLosingMac } from "./endpoints.ts";
import type { RecreateInput } from "./input.ts";
import { composeImageFor } from "./labels.ts";
import { hasLostSource } from "./mounts.ts";

/** What the user should know about a recreation: a sentence for each thing that may not be as they expect. */
export function warningsFor(input: RecreateInput, body: Readonly<Record<string, unknown>>): readonly string[] {
  const { inspect, oldImage, containers } = input;
  const name = nameFrom(inspect.Name);
  const hostName = body["Hostname"];
  const conditions: readonly (readonly [boolean, string])[] = [
    [
      oldImage === undefined,
      `The engine has no record of the image that ${name} runs any more: settings that came from it cannot be told ` +
        "from your own, stay as they are, and do not follow the new image.",
    ],
    [
      typeof hostName === "string" && /^[0-9a-f]{12}$/.test(hostName),
      `The host name ${String(hostName)} looks like the id of an earlier container, pinned by another tool; it is kept. ` +
        "Recreate the container without a host name to get rid of it.",
    ],
    [
      hasLostSource(inspect.HostConfig, containers),
      `${name} takes volumes from a container that is gone; they are mounted by name from now on.`,
    ],
    [
      composeImageFor(input)?.isExact === false,
      `Compose remembers the manifest of the image that ${name} runs, and the engine did not tell the new one's: the ` +
        "next `docker compose up` recreates the container.",
    ],
  ];
  return [
    ...conditions.flatMap(([holds, sentence]) => (holds ? [sentence] : [])),
    ...networksLosingMac(input).map(
      (network) =>
        `This engine cannot keep the MAC address of ${name} in the network ${network}: reservations for it need to be ` +
        "renewed.",
    ),
  ];
}
