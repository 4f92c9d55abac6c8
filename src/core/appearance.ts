/** How a container is shown: an icon of Home Assistant's, or a picture. */
export type Appearance =
  /** `mdi:web` */
  { readonly kind: "icon"; readonly icon: string } | { readonly kind: "picture"; readonly url: string };

/** In the order in which they win: Gangway's own, What's Up Docker's, Unraid's, Homepage's. */
const labelNames = ["gangway.icon", "wud.display.icon", "net.unraid.docker.icon", "homepage.icon"];
const longestUrl = 2_048;

/**
 * What the first label says that makes sense here: an icon as `mdi:web` or `mdi-web`, or an address of a picture.
 * Other icon sets than Material Design's are not in Home Assistant.
 */
export function appearanceFrom(labels: Readonly<Record<string, string>>): Appearance | undefined {
  return labelNames.map((name) => appearanceIn(labels[name]?.trim() ?? "")).find((found) => found !== undefined);
}

function appearanceIn(text: string): Appearance | undefined {
  // Homepage allows a colour behind the name: `mdi-web-#ff0000`.
  const icon = /^mdi[:-](?<name>[a-z0-9]+(?:-[a-z0-9]+)*)(?:-#[0-9a-f]+)?$/.exec(text.toLowerCase())?.groups?.["name"];
  if (icon !== undefined) return { kind: "icon", icon: `mdi:${icon}` };
  if (!/^https?:\/\//i.test(text) || text.length > longestUrl) return undefined;
  // Home Assistant drops the whole message for an address that is none.
  const url = URL.parse(text);
  return url === null || url.username !== "" || url.password !== "" ? undefined : { kind: "picture", url: url.href };
}
