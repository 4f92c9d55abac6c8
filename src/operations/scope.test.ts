import { describe, expect, it } from "vitest";
import { backupPlan, volume } from "../../test/backup-plan.ts";
import type { RestoreCommand } from "./restore.ts";
import { scopeOf } from "./scope.ts";

describe("what a restore holds against others", () => {
  it.each<readonly [string, RestoreCommand["volumes"], readonly string[]]>([
    ["its container and the volumes that it makes", undefined, ["web", "/volume/data"]],
    ["these too where they are there already", "replace", ["web", "/volume/data"]],
    ["its container alone where the volumes have names of their own", "new", ["web"]],
  ])("is %s", async (_, volumes, expected) => {
    const plan = backupPlan({ volumes: [volume("data", 0)] });
    const deps = { vault: { planOf: () => Promise.resolve(plan) } } as unknown as Parameters<typeof scopeOf>[0];
    const command: RestoreCommand = { kind: "restore", container: "web", file: "web.tar" };
    const wish = volumes === undefined ? command : { ...command, volumes };

    expect(await scopeOf(deps, wish, new AbortController().signal)).toEqual(expected);
  });
});
