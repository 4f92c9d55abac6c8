import { describe, expect, it } from "vitest";
import { backupOffer, backupRemarks, isBackedUpFirst } from "./backup-first.ts";

const yes = { "gangway.backup-first": "true" };
const no = { "gangway.backup-first": "no" };
const nonsense = { "gangway.backup-first": "perhaps" };

describe("a container is backed up first", () => {
  it.each([
    ["update", {}, false, false],
    ["update", null, true, true],
    ["update", yes, false, true],
    ["update", no, true, false],
    ["update", nonsense, true, true],
    ["update", nonsense, false, false],
    ["rollback", yes, true, false],
    ["recreate", yes, true, false],
    ["backup", yes, true, false],
  ] as const)("%s with %j, by default %s: %s", (command, labels, isDefault, expected) => {
    expect(isBackedUpFirst(command, labels, isDefault)).toBe(expected);
  });
});

describe("the result of an update", () => {
  const backup = { file: "web_20261121T180102Z.tar.zst", remarks: ["proxy went on."] };

  it("names the backup, where there is one", () => {
    expect(backupRemarks(backup)).toEqual([
      "Before that it was backed up to web_20261121T180102Z.tar.zst.",
      "proxy went on.",
    ]);
    expect(backupRemarks(undefined)).toEqual([]);
  });

  it("that was undone offers its data, and says what to expect of it", () => {
    expect(backupOffer(backup).join(" ")).toMatch(
      /is in web_20261121T180102Z\.tar\.zst: the command restore .* proxy went on\.$/,
    );
    expect(backupOffer(undefined)).toEqual([]);
  });
});
