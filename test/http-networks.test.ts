import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpBed, openHttpBed } from "./http-bed.ts";
import { putNetworkFile } from "./network-data.ts";

let bed: HttpBed;
let directory: string;
beforeEach(async () => {
  bed = await openHttpBed();
  directory = join(bed.directory, "backups", "nas");
});
afterEach(() => bed[Symbol.asyncDispose]());

describe("networks over HTTP", () => {
  it("are listed, with those that the engine makes itself marked", async () => {
    const { json } = await bed.get("/api/v1/networks");

    expect(json).toMatchObject({
      networks: [
        { name: "bridge", predefined: true },
        { node: "nas", name: "lan", predefined: false, ipam: { Config: [{ Subnet: "10.9.0.0/24" }] } },
      ],
    });
  });

  it("are written into a file that only its owner can read, which is listed and shown", async () => {
    const saved = await bed.post("/api/v1/networks/lan/backup");
    const file = String(saved.json?.["file"]);

    expect([saved.status, saved.json]).toMatchObject([200, { node: "nas", network: "lan" }]);
    expect(file).toMatch(/^network_lan_\d{8}T\d{6}Z\.json$/);
    expect(readdirSync(directory)).toEqual([file]);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect((await bed.get("/api/v1/network-backups")).json).toMatchObject({ backups: [{ file, network: "lan" }] });
    expect((await bed.get(`/api/v1/network-backups/${file}`)).json).toMatchObject({
      network: { name: "lan", ipam: { Config: [{ Subnet: "10.9.0.0/24", Gateway: "10.9.0.1" }] } },
    });
    expect((await bed.get("/api/v1/backups")).json).toEqual({ backups: [] });
  });

  it("are made again where they are not there", async () => {
    const file = await putNetworkFile(directory);
    const path = `/api/v1/network-backups/${file}/restore`;

    expect((await bed.post(path)).json).toEqual({ network: "vpn", restored: true });
    expect(JSON.stringify((await bed.get("/api/v1/networks")).json)).toContain('"name":"vpn"');
    expect((await bed.post(path)).json).toMatchObject({ status: 409, error: "network_exists" });
  });

  it.each(["bridge", "host", "none"])("are not the engine's own: %s", async (name) => {
    const file = await putNetworkFile(directory, name);

    expect((await bed.post(`/api/v1/network-backups/${file}/restore`)).json).toMatchObject({
      ...{ status: 400, error: "network_predefined" },
    });
    if (name !== "bridge") return;
    expect((await bed.post("/api/v1/networks/bridge/backup")).json).toMatchObject({ status: 400 });
  });

  it.each([
    ["not JSON", "{", /not JSON/],
    ["something else", "{}", /does not hold what it should \(format\)/],
    ["another network", "", /defines the network other/],
  ])("are not restored from a file with %s", async (_, content, reason) => {
    const file = await putNetworkFile(directory);
    const text = readFileSync(join(directory, file), "utf8");
    writeFileSync(join(directory, file), content === "" ? text.replace('"vpn"', '"other"') : content);

    const { json } = await bed.post(`/api/v1/network-backups/${file}/restore`);
    expect(json).toMatchObject({ status: 409, error: "backup_damaged", detail: expect.stringMatching(reason) });
  });

  it("are deleted as files only, and nothing else is", async () => {
    const file = await putNetworkFile(directory);
    writeFileSync(join(bed.directory, "settings.json"), "{}");

    for (const other of ["..%2F..%2Fsettings.json", "network_x.json"]) {
      const answer = await bed.get(`/api/v1/network-backups/${other}`, { method: "DELETE" });
      expect([answer.status, answer.json?.["error"]]).toEqual([404, "backup_not_found"]);
    }
    expect((await bed.get(`/api/v1/network-backups/${file}`, { method: "DELETE" })).json).toEqual({
      file,
      removed: true,
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("say so where there is none of the name", async () => {
    for (const name of ["nope", "..", "..%2Fcontainers%2Fweb", "la"]) {
      expect((await bed.post(`/api/v1/networks/${name}/backup`)).json?.["error"]).toMatch(/^(?:network_)?not_found$/);
    }
  });
});
