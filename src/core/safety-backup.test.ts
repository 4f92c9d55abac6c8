import { expect, it } from "vitest";
import { backupPlan, volume } from "../../test/backup-plan.ts";
import type { ContainerInspect } from "./inspect.ts";
import { planRestore } from "./restore.ts";
import { planOfOrphans, safetySourcesFor } from "./safety-backup.ts";

function container(name: string, volumes: readonly string[], labels: object = {}): ContainerInspect {
  return {
    ...{ Id: name, Name: `/${name}`, Config: { Image: "web:1", Labels: labels }, HostConfig: {} },
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
