import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckRecord } from "../core/update-status.ts";
import type { Damage } from "./atomic-json.ts";
import { type KnownEngine, openKnown } from "./known.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-known-"));
  path = join(directory, "known.json");
});
afterEach(() => rm(directory, { recursive: true }));

const host = "unix:///var/run/docker.sock";
const check: CheckRecord = {
  status: "up_to_date",
  reason: "",
  checkedAt: "2026-01-01T00:00:00Z",
  imageId: "sha256:1",
  reference: "nginx:1",
  installed: { version: "1.27.3", revision: "abc" },
  platform: "linux/amd64",
  latestImage: "sha256:2",
  latest: { version: "1.27.4" },
};
const offer = { digest: "sha256:3", image: "sha256:2" };
const untold = { digest: "sha256:3", foundAt: "2026-01-01T00:00:00Z", operation: null };
const place = { node: "nas", baseTopic: "gangway", discoveryPrefix: "homeassistant" };

/** One run: opens the file, does something, and closes it. */
async function run<Result>(act: (engine: KnownEngine) => Result): Promise<Result> {
  const onDamage = ({ reason }: Damage): void => {
    throw new Error(reason);
  };
  await using known = await openKnown(path, { onDamage, onFailure: () => expect.unreachable() });
  return act(known.engine(host));
}

describe("what is known of an engine", () => {
  it("outlives a run", async () => {
    await run((engine) => {
      engine.setNode("nas");
      engine.setCheck("web", check);
      engine.setOffer("web", offer);
      engine.setUntold("web", untold);
      engine.setComponents("web", { cpu: "sensor" });
      engine.setLastCheck("2026-01-01T00:00:00Z");
      engine.setPlace(place);
    });

    const known = await run((engine) => [
      engine.node(),
      engine.check("web"),
      engine.offer("web"),
      engine.untold("web"),
      engine.components("web"),
      engine.components("db"),
      engine.lastCheck(),
      engine.place(),
    ]);

    expect(known).toEqual(["nas", check, offer, untold, { cpu: "sensor" }, {}, "2026-01-01T00:00:00Z", place]);
  });

  it("keeps nothing of containers that are gone", async () => {
    await run((engine) => {
      engine.setCheck("web", check);
      engine.setCheck("db", check);
      engine.setOffer("web", offer);
      engine.setUntold("web", untold);
      engine.setComponents("web", { cpu: "sensor" });
      engine.keepChecks(new Set(["db"]));
      engine.setComponents("web", undefined);
    });

    expect(await readFile(path, "utf8")).not.toContain("web");
    expect(await run((engine) => engine.check("db"))).toEqual(check);
  });

  it("is read from the file of a release that kept less", async () => {
    const older = { engines: { [host]: { node: "nas", devices: { web: null }, checks: {} } } };
    await writeFile(path, JSON.stringify(older));

    expect(await run((engine) => [engine.node(), engine.components(""), engine.lastCheck(), engine.place()])).toEqual([
      "nas",
      {},
      undefined,
      undefined,
    ]);
  });
});
