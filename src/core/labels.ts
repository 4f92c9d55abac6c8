/** What a container's labels say to Gangway. Labels win over the configuration. */
export interface ContainerLabels {
  /** `gangway.enable`, or another tool's word for it; absent where none says anything. */
  readonly enabled?: boolean;
  /** `gangway.health-timeout`, in milliseconds. */
  readonly healthTimeoutMs?: number;
  /** `gangway.name`: what to call the container in Home Assistant. */
  readonly displayName?: string;
}

const enableLabels = ["gangway.enable", "com.centurylinklabs.watchtower.enable", "wud.watch"];
const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads the labels that Gangway knows; a value that makes no sense counts as absent. */
export function labelsFrom(labels: Readonly<Record<string, string>>): ContainerLabels {
  const enabled = enableLabels.map((name) => booleanFrom(labels[name])).find((value) => value !== undefined);
  const healthTimeoutMs = durationFrom(labels["gangway.health-timeout"]);
  const displayName = labels["gangway.name"]?.trim();
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(healthTimeoutMs === undefined ? {} : { healthTimeoutMs }),
    ...(displayName === undefined || displayName === "" ? {} : { displayName }),
  };
}

function booleanFrom(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase();
  if (word === "true" || word === "1" || word === "yes" || word === "on") return true;
  if (word === "false" || word === "0" || word === "no" || word === "off") return false;
  return undefined;
}

/** `90s`, `5m`, `1h`, or a bare number of seconds. */
function durationFrom(text: string | undefined): number | undefined {
  const match = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/.exec(text?.trim() ?? "");
  if (match === null) return undefined;
  return Number(match.groups?.["amount"]) * (durationUnits[match.groups?.["unit"] ?? "s"] ?? 0);
}
