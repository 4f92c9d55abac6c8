import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { backupFile, putBackup } from "./backup-plan.ts";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

/*
 * A page whose name was made to lead here, on a listener that asks for no key. Without TLS its browser says nothing of it.
 */

let bed: HttpBed;
beforeEach(async () => {
  bed = await openHttpBed({ http: "{ enabled: true, auth: false, api_key: a-key, compat: true }" });
  await putBackup(join(bed.directory, "backups", "nas"));
});
afterEach(() => bed[Symbol.asyncDispose]());

const secret = [
  `/api/v1/backups/${backupFile}/content`,
  "/api/v1/backups/archive",
  `/compat/monkey/api/download/${backupFile}`,
  `/compat/monkey/api/backup/${backupFile}/preview`,
  "/compat/monkey/api/container/web/details",
  "/compat/monitor/settings",
];

it.each(secret)("does not read %s", async (path) => {
  const evil = { host: "evil.example" };

  for (const headers of [evil, { ...evil, "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "cross-site" }]) {
    const { status, json } = await bed.get(path, { headers });
    expect([status, json?.["error"]]).toEqual([403, "foreign_page"]);
  }
  const known = [{ ...evil, "x-api-key": "a-key" }, { host: "gangway:5000" }, {}];
  for (const headers of known) expect((await bed.get(path, { headers })).json?.["error"]).not.toBe("foreign_page");
});

it("reads what is no secret, as scripts do by any name", async () => {
  expect((await bed.get("/api/v1/containers", { headers: { host: "nas.example" } })).status).toBe(200);
});
