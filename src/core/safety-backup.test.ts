import { expect, it } from "vitest";
import { backupPlan, volume } from "../../test/backup-plan.ts";
import type { ContainerInspect } from "./inspect.ts";
import { planRestore } from "./restore.ts";
import { planOfOrphans, safetySourcesFor, withOrphans, withoutCopy } from "./safety-backup.ts";

function container(name: string, volumes: readonly string[], labels: object = {}): ContainerInspect {
  return {
    ...{ Id: name, Name: `/${name}`, Config: { Image: "web:1", Labels: labels }, HostConfig: {}, State: {} },
    Mounts: volumes.map((Name) => ({ Type: "volume", Name, Source: "", Destination: `/${Name}`, RW: true })),
  } as unknown as ContainerInspect;
}

it("has all that goes, whatever a label says, and what nobody else has", () => {
  const labels = { "gangway.backup.exclude": "/data,big", "gangway.backup.binds": "all" };
  const web = container("web", ["data", "big", "own", "shared"], labels);

  expect(safetySourcesFor(web, [web, container("db", ["shared"])], ["data"])).toEqual({
    labels: { binds: [], exclude: ["big"] },
    shared: ["shared"],
  });
});

it("has the volumes that no container has, as they are now, with the container that is going to have them", () => {
  const backup = backupPlan({ volumes: [volume("gone", 0), volume("data", 1)] });
  const wish = { container: "copy", volumes: "replace", ports: {}, start: true } as const;
  const existing = { containers: [], volumes: new Set(["data"]), networks: new Set<string>() };
  const decision = planRestore(backup, wish, existing);
  if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));

  const plan = planOfOrphans({
    ...{ backup, file: "web.tar", plan: decision.plan, createdAt: "2026-11-22T00:00:00Z", node: "nas", gangway: "2" },
    inspected: [{ Name: "data", Driver: "other", Labels: { now: "yes" } }],
    engine: backup.engine,
  });

  expect(plan).toMatchObject({ container: "copy", state: "stopped", createdAt: "2026-11-22T00:00:00Z" });
  expect(plan.volumes).toEqual([
    {
      ...{ name: "data", anonymous: false, driver: "other", options: {}, labels: { now: "yes" } },
      ...{ destinations: ["/data"], part: "volumes/v0.tar" },
    },
  ]);
});

it("has the volumes too that go though the container that is there does not have them", () => {
  const { part: _, ...left } = volume("left", 0);
  const planned = backupPlan({ volumes: [volume("data", 0), left] });
  const web = container("web", ["data", "left"]);
  const existing = { containers: [web], volumes: new Set(["data", "left", "old"]), networks: new Set<string>() };
  const backup = backupPlan({ volumes: [volume("data", 0), volume("gone", 1), volume("old", 2)] });
  const surroundings = { inspected: [], isNeeded: () => false, backupsPath: undefined };
  const wish = { container: "web", volumes: "replace", ports: {}, start: true } as const;
  const decision = planRestore(backup, wish, existing, surroundings);
  if (decision.kind !== "plan") throw new Error(decision.conflicts.join(" "));

  const safety = withOrphans(planned, {
    plan: decision.plan,
    inspected: [{ Name: "old", Driver: "local", Options: { type: "tmpfs" }, Labels: null }],
  });

  expect(decision.plan.replaces?.volumes).toEqual(["data", "old"]);
  expect(safety.volumes).toEqual([volume("data", 0), left, { ...volume("old", 1), options: { type: "tmpfs" } }]);
  expect(withoutCopy(["data", "old"], planned)).toEqual(["old"]);
  expect(withoutCopy(["data", "left", "old"], safety)).toEqual(["left"]);
});
