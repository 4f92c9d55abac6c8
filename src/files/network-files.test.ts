import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NetworkBackup } from "../core/network-file.ts";
import { openVault } from "./backup/vault.ts";
import { openNetworkFiles } from "./network-files.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gangway-networks-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = "network_lan_20261121T180102Z.json";
function backup(driver: string): NetworkBackup {
  const flags = { internal: false, attachable: false, ipv6: false };
  const network = { name: "lan", driver, scope: "local", ...flags, ipam: {}, options: {}, labels: {} };
  return { format: "gangway-network", schema: 1, createdAt: "2026-11-21T18:01:02Z", node: "nas", network };
}

describe("the file of a network's definition", () => {
  it("never takes the place of another, though both come at once", async () => {
    const files = openNetworkFiles(directory);
    const drivers = ["bridge", "macvlan", "ipvlan"];
    const written = await Promise.all(drivers.map(async (driver) => await files.write(file, backup(driver))));

    const first = drivers[written.findIndex((one) => one !== undefined)];
    expect(written.filter((one) => one !== undefined)).toMatchObject([{ file, network: "lan" }]);
    expect((await files.read(file)).network.driver).toBe(first);
    expect(readdirSync(directory)).toEqual([file]);
  });

  it("stays as it is where there is one already", async () => {
    writeFileSync(join(directory, file), "mine");

    expect(await openNetworkFiles(directory).write(file, backup("bridge"))).toBeUndefined();
    expect(readFileSync(join(directory, file), "utf8")).toBe("mine");
  });

  it("leaves nothing for ever where a crash has cut it off", async () => {
    const [left, young] = [`${file}.1234`, `${file}.99`];
    const others = [file, `${file}.old`, "other.json.12", "notes.upload-nas.partial"];
    for (const name of [left, young, ...others]) writeFileSync(join(directory, name), "");
    for (const name of [left, ...others]) utimesSync(join(directory, name), 0, 0);

    await openVault(directory, undefined, "nas").clear();

    expect(readdirSync(directory).sort()).toEqual([young, ...others].sort());
  });
});
