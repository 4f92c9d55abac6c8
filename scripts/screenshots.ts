import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { openBed } from "../test/bed/bed.ts";
import { type BrowserPage, openPage, type PictureSize } from "../test/bed/browser.ts";
import { type HomeAssistant, openHomeAssistant } from "../test/bed/home-assistant/home-assistant.ts";
import { installHomeAssistant } from "../test/bed/home-assistant/installation.ts";
import { ensurePackages } from "../test/bed/packages.ts";
import { startGangway } from "../test/gangway.ts";
import { dashboardFor } from "./pictured/dashboard.ts";
import { furnish, node, publishUpdates } from "./pictured/host.ts";

/*
 * `npm run screenshots`: docs/images/*.png, of a real Home Assistant with Gangway's devices of a small host in it. All of
 * it is started for this, and gone afterwards.
 */

const directory = join(import.meta.dirname, "..", "docs", "images");
const pictured = `gangway_${node}_jellyfin`;
const dashboard = "docker-host";
const say = (line: string): void => console.error(line);

const installation = await installHomeAssistant(say);
await ensurePackages(["browser"], say);
await using bed = await openBed({ engine: true, registry: true, broker: true, say });
await furnish(bed);
const homeAssistant = await openHomeAssistant(bed, installation);
await using _gangway = await startGangway(bed, {
  config: {
    engines: [{ node, host: bed.engine.host }],
    mqtt: { url: bed.broker.url },
    registries: [{ host: bed.registry.host, mirror_of: "docker.io", insecure: true }],
    http: { listen: "127.0.0.1:0" },
    stats: { interval: "5s" },
  },
});
await homeAssistant.until((view) => view.state(`${pictured}_update`)?.state === "off", "a first check", 60_000);
await publishUpdates(bed);
await homeAssistant.perform("button.press", `gangway_${node}_check`);
const view = await homeAssistant.until(
  (seen) =>
    seen.state(`${pictured}_update`)?.state === "on" && Number(seen.state(`${pictured}_cpu`)?.state) > 0 && seen,
  "an update and figures",
  60_000,
);

const loggedIn = {
  hassUrl: homeAssistant.url,
  clientId: `${homeAssistant.url}/`,
  access_token: homeAssistant.token,
  refresh_token: "",
  token_type: "Bearer",
  expires_in: 86_400,
  expires: Date.now() + 86_400_000,
};
const before = `localStorage.setItem("hassTokens", ${JSON.stringify(JSON.stringify(loggedIn))});
  localStorage.setItem("dockedSidebar", '"always_hidden"');`;
await using page = await openPage(bed.directory, { width: 1100, height: 1300, before });
await mkdir(directory, { recursive: true });

const device = view.devices.get(pictured)?.id;
await page.open(`${homeAssistant.url}/config/devices/device/${device}`, ["Restart", "Health"]);
await keep(page, "device.png", { width: 740, height: 955 });

await makeDashboard(homeAssistant);
await page.open(`${homeAssistant.url}/${dashboard}/0`, ["paperless", "exited"]);
await keep(page, "dashboard.png", { width: 1100, height: 690 });

async function makeDashboard({ ask }: HomeAssistant): Promise<void> {
  const created = { type: "lovelace/dashboards/create", url_path: dashboard, title: "Docker", mode: "storage" };
  await ask({ ...created, require_admin: false, show_in_sidebar: true }, z.unknown());
  await ask({ type: "lovelace/config/save", url_path: dashboard, config: dashboardFor(view) }, z.unknown());
}

async function keep(shown: BrowserPage, name: string, size: PictureSize): Promise<void> {
  await writeFile(join(directory, name), await shown.picture(size));
  say(`docs/images/${name}`);
}
