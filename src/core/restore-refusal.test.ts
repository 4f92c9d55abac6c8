import { expect, it } from "vitest";
import { type RestoreSubject, type Unfinished, unfinishedBefore } from "./restore-refusal.ts";

type Restore = Unfinished["restores"][number];

const subject: RestoreSubject = { node: "nas", container: "web", targetId: "1234", volumes: ["data", "cache"] };
const halt = (id: string) => ({ container: "web", id, deed: "stop" as const, startedAt: "" });
const restore = (more: Partial<Restore>): Restore => ({
  ...{ schema: 1, kind: "restore", operation: "0000000a", id: "a", node: "nas", container: "db", file: "db.tar" },
  ...{ startedAt: "", volumes: ["tables"], networks: ["lan"] },
  ...more,
});
const replacing = (more: object) => restore({ replaced: { halts: [], begun: 0, start: true, ...more } });
const swap = (more: object) =>
  ({ command: "update", node: "nas", container: "db", members: [more] }) as unknown as Swap;
type Swap = Unfinished["swaps"][number];

it.each<readonly [string, Partial<Unfinished>, string | undefined]>([
  ["others are restored", { restores: [restore({ newId: "5678" }), replacing({ oldId: "5678" })] }, undefined],
  ["a container of its name is restored", { restores: [restore({ container: "web" })] }, "restore of web"],
  ["another engine's of its name is restored", { restores: [restore({ container: "web", node: "shed" })] }, undefined],
  ["one of its volumes is restored", { restores: [restore({ volumes: ["cache"] })] }, "restore of db"],
  ["it is what was restored", { restores: [restore({ newId: "1234" })] }, "restore of db"],
  ["it is what was there before", { restores: [replacing({ oldId: "1234" })] }, "restore of db"],
  ["it is what was brought back", { restores: [replacing({ returnedId: "1234" })] }, "restore of db"],
  ["a restore has stopped it", { restores: [replacing({ halts: [halt("1234")] })] }, "restore of db"],
  ["others are replaced", { swaps: [swap({ container: "db", oldId: "5678" })] }, undefined],
  ["one of its name is replaced", { swaps: [swap({ container: "web", oldId: "5678" })] }, "update of db"],
  ["it is replaced", { swaps: [swap({ container: "other", oldId: "1234" })] }, "update of db"],
  ["it is the new one", { swaps: [swap({ container: "other", oldId: "5678", newId: "1234" })] }, "update of db"],
  ["a backup has stopped others", { backups: [{ container: "db", halts: [halt("5678")] }] }, undefined],
  ["a backup has stopped it", { backups: [{ container: "db", halts: [halt("1234")] }] }, "backup of db"],
])("is refused, or not, while unfinished: %s", (_, unfinished, earlier) => {
  const refusal = unfinishedBefore(subject, { swaps: [], restores: [], backups: [], ...unfinished });

  expect(refusal).toEqual(earlier === undefined ? undefined : expect.stringContaining(`An earlier ${earlier} is not`));
});

it("is not refused for ids where nobody has the name", () => {
  const restores = [restore({}), replacing({ halts: [halt("1234")] })];

  expect(unfinishedBefore({ ...subject, targetId: undefined }, { swaps: [], restores, backups: [] })).toBeUndefined();
});
