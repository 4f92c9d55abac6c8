import { describe, expect, it } from "vitest";
import { type RestoreChoice, type RestoreWanted, restoreOrderFor } from "./restore-order.ts";

const older = "web_20261120T000000Z.tar.zst";
const newer = "web_20261121T000000Z.tar.zst";
const other = "db_20261121T000000Z.tar.zst";
const choice: RestoreChoice = { isAllowed: true, files: [newer, other, older], newest: newer };
const wanted = (more: Partial<RestoreWanted> = {}): RestoreWanted => ({
  ...{ kind: "restore_wanted", container: "web", options: {} },
  ...more,
});

describe("a restore by the container's name", () => {
  it.each<readonly [string, Partial<RestoreWanted>, object]>([
    ["means its newest backup, under the same name", {}, { container: "web", file: newer }],
    ["means the backup that is named", { file: older }, { container: "web", file: older }],
    ["makes a container of another name", { name: "web-old" }, { container: "web-old", file: newer }],
    [
      "hands on how",
      { options: { volumes: "new", ports: { "80/tcp": "81" }, start: false } },
      { container: "web", file: newer, volumes: "new", ports: { "80/tcp": "81" }, start: false },
    ],
  ])("%s", (_, more, command) => {
    expect(restoreOrderFor(wanted(more), choice)).toEqual({
      kind: "command",
      command: { kind: "restore", ...command },
    });
  });

  it.each<readonly [string, Partial<RestoreWanted>, Partial<RestoreChoice>, RegExp]>([
    ["it is not switched on", {}, { isAllowed: false }, /set backup\.restore_by_mqtt to true/],
    ["there is none", {}, { files: [other], newest: undefined }, /^There is no backup of "web"\.$/],
    ["all are another node's", {}, { newest: undefined }, new RegExp(`name its file, such as ${newer}`)],
    ["the file is not there", { file: "../web.tar" }, {}, /^There is no backup "\.\.\/web\.tar"\.$/],
    ["the file is another container's", { file: other }, {}, /is a backup of db/],
  ])("is refused where %s", (_, more, found, message) => {
    const order = restoreOrderFor(wanted(more), { ...choice, ...found });

    expect(order).toEqual({ kind: "refused", message: expect.stringMatching(message) });
  });
});
