/** What a label can say of updates: `auto` installs them, `manual` leaves that to a person, `off` does not even offer them. */
export type UpdateWord = "auto" | "manual" | "off";

/** What a container's labels say to Gangway. Labels win over the configuration. */
export interface ContainerLabels {
  /** `gangway.enable`, or another tool's word for it; absent where none says anything. */
  readonly enabled?: boolean;
  /** `gangway.update`, or another tool's word for it, and the label as it stands there: `gangway.update=auto`. */
  readonly updates?: { readonly word: UpdateWord; readonly label: string };
  /** `gangway.health-timeout`, in milliseconds. */
  readonly healthTimeoutMs?: number;
  /** `gangway.backup-first`: is it backed up before an update? */
  readonly backupFirst?: boolean;
  /** `gangway.tags.regex`, or another tool's word for it, and the label's name. */
  readonly tagRegex?: { readonly text: string; readonly label: string };
  /** `gangway.tags.base`: the tag that says which version is the newest. */
  readonly baseTag?: string;
  /** `gangway.name`: what to call the container in Home Assistant. */
  readonly displayName?: string;
  /** `gangway.release-url`: where to read what is new; untrusted text. */
  readonly releaseUrl?: string;
}

const enableLabels = ["gangway.enable", "com.centurylinklabs.watchtower.enable", "wud.watch"];
const updateWords: readonly UpdateWord[] = ["auto", "manual", "off"];
/** In the order in which they win. That another tool may update a container is no wish that Gangway does it by itself. */
const updateLabels: readonly { readonly name: string; readonly read: (text: string) => UpdateWord | undefined }[] = [
  {
    name: "gangway.update",
    // YAML 1.1 makes a false of a bare `off`.
    read: (text) => updateWords.find((word) => word === text) ?? (booleanFrom(text) === false ? "off" : undefined),
  },
  {
    name: "image-watch.auto-update",
    read: (text) => {
      const isOn = booleanFrom(text);
      return isOn === undefined ? undefined : isOn ? "auto" : "manual";
    },
  },
  {
    name: "com.centurylinklabs.watchtower.monitor-only",
    read: (text) => (booleanFrom(text) === true ? "manual" : undefined),
  },
];
const tagRegexLabels = ["gangway.tags.regex", "wud.tag.include"];
const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads the labels that Gangway knows; a value that makes no sense counts as absent. */
export function labelsFrom(labels: Readonly<Record<string, string>>): ContainerLabels {
  const enabled = enableLabels.map((name) => booleanFrom(labels[name])).find((value) => value !== undefined);
  const updates = updatesFrom(labels);
  const healthTimeoutMs = durationFrom(labels["gangway.health-timeout"]);
  const backupFirst = booleanFrom(labels["gangway.backup-first"]);
  const tagRegexLabel = tagRegexLabels.find((name) => (labels[name] ?? "") !== "");
  const tagRegex = tagRegexLabel === undefined ? "" : (labels[tagRegexLabel] ?? "");
  const baseTag = labels["gangway.tags.base"]?.trim();
  const displayName = labels["gangway.name"]?.trim();
  const releaseUrl = labels["gangway.release-url"]?.trim();
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(updates === undefined ? {} : { updates }),
    ...(healthTimeoutMs === undefined ? {} : { healthTimeoutMs }),
    ...(backupFirst === undefined ? {} : { backupFirst }),
    ...(tagRegexLabel === undefined ? {} : { tagRegex: { text: tagRegex, label: tagRegexLabel } }),
    ...(baseTag === undefined || baseTag === "" ? {} : { baseTag }),
    ...(displayName === undefined || displayName === "" ? {} : { displayName }),
    ...(releaseUrl === undefined || releaseUrl === "" ? {} : { releaseUrl }),
  };
}

function updatesFrom(labels: Readonly<Record<string, string>>): ContainerLabels["updates"] | undefined {
  for (const { name, read } of updateLabels) {
    const text = labels[name]?.trim().toLowerCase() ?? "";
    const word = read(text);
    if (word !== undefined) return { word, label: `${name}=${text}` };
  }
  return undefined;
}

/** `true`, `1`, `yes`, `on` or their opposites; undefined for anything else. */
export function booleanFrom(text: string | undefined): boolean | undefined {
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
