import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Damage } from "./atomic-json.ts";
import { openSettings } from "./settings.ts";

let directory: string;
let path: string;
let damages: Damage[];
let takenOver: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-settings-"));
  path = join(directory, "settings.json");
  damages = [];
  takenOver = [];
});
afterEach(() => rm(directory, { recursive: true }));

const open = () =>
  openSettings(path, {
    onDamage: (damage) => damages.push(damage),
    onTakeOver: (from) => takenOver.push(from),
  });
const content = async (): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

describe("settings.json", () => {
  it("keeps switches by node and container, for the next run", async () => {
    const settings = await open();
    await settings.autoUpdateSwitches("nas").set(["web", "db"], true);
    await settings.autoUpdateSwitches("nas").set(["db"], false);
    await settings.autoUpdateSwitches("pi").set(["web"], false);

    for (const file of [settings, await open()]) {
      expect(file.autoUpdate("nas", "web")).toBe(true);
      expect(file.autoUpdate("nas", "db")).toBe(false);
      expect(file.autoUpdate("pi", "web")).toBe(false);
      expect(file.autoUpdate("nas", "other")).toBeUndefined();
      expect(file.autoUpdate("other", "web")).toBeUndefined();
    }
  });

  it("has a switch on the disk when it says so, readable by its owner only", async () => {
    const settings = await open();
    await settings.autoUpdateSwitches("nas").set(["web"], true);

    expect(await content()).toEqual({ schema: 1, auto_update: { nas: { web: true } } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("loses none of several changes at once", async () => {
    const settings = await open();
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => settings.autoUpdateSwitches("nas").set([name], true)));

    expect(await content()).toEqual({ schema: 1, auto_update: { nas: { a: true, b: true, c: true, d: true } } });
  });

  it("is not written while nobody sets anything", async () => {
    await open();

    expect(await readdir(directory)).toEqual([]);
  });

  it("changes nothing where it cannot be written, and is written the next time", async () => {
    const settings = await open();
    await rm(directory, { recursive: true });

    await expect(settings.autoUpdateSwitches("nas").set(["web"], true)).rejects.toMatchObject({ code: "file_failed" });
    expect(settings.autoUpdate("nas", "web")).toBeUndefined();

    directory = await mkdtemp(directory);
    path = join(directory, "settings.json");
  });

  it("keeps members that are not known here", async () => {
    await writeFile(path, JSON.stringify({ schema: 1, api_enabled: false, auto_update: { nas: { web: true } } }));
    const settings = await open();
    await settings.autoUpdateSwitches("nas").set(["web"], false);

    expect(await content()).toEqual({ schema: 1, api_enabled: false, auto_update: { nas: { web: false } } });
  });

  it("takes the file of Docker Monitor Image over, once, and leaves it readable for that", async () => {
    const theirs = { auth_enabled: true, api_key: "their-key", allowed_cidrs: ["192.168.1.0/24", "127.0.0.1/32"] };
    await writeFile(path, JSON.stringify(theirs, null, 2), { mode: 0o644 });

    for (const file of [await open(), await open()]) {
      expect(file.access.get()).toEqual({
        ...{ auth: true, apiKey: "their-key", allowedIps: ["192.168.1.0/24", "127.0.0.1/32"] },
      });
    }
    expect(takenOver).toEqual([path]);
    expect(await content()).toEqual({ schema: 1, ...theirs });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(damages).toEqual([]);
  });

  it("takes it over with the API's switch and without a key", async () => {
    await writeFile(path, '{"api_enabled":true,"auth_enabled":false,"api_key":"","allowed_cidrs":["0.0.0.0/0"]}');

    expect((await open()).access.get()).toEqual({ enabled: true, auth: false, allowedIps: ["0.0.0.0/0"] });
  });

  it.each([
    ["what is no JSON", '{"schema":1,'],
    ["a file without schema", "{}"],
    ["an older schema than there ever was", '{"schema":0}'],
    ["a file of yet another program", '{"api_key":"theirs","theme":"dark"}'],
    ["a switch that is neither on nor off", '{"schema":1,"auto_update":{"nas":{"web":"ON"}}}'],
  ])("sets %s aside and goes on without it", async (_, text) => {
    await writeFile(path, text);
    const settings = await open();

    expect(settings.autoUpdate("nas", "web")).toBeUndefined();
    expect(damages).toEqual([expect.objectContaining({ path, setAside: expect.stringContaining(".corrupt-") })]);
    expect(await readFile(damages[0]?.setAside ?? "", "utf8")).toBe(text);
  });

  it("leaves what a newer Gangway has written alone, and says so", async () => {
    const text = '{"schema":2,"auto_update":["something else"]}';
    await writeFile(path, text);

    await expect(open()).rejects.toMatchObject({
      code: "file_failed",
      message: expect.stringMatching(
        /settings\.json was written by a newer Gangway \(its schema is 2, this one knows 1\)/,
      ),
    });
    expect(await readdir(directory)).toEqual(["settings.json"]);
    expect(await readFile(path, "utf8")).toBe(text);
  });
});
