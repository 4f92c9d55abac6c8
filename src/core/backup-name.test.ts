import { describe, expect, it } from "vitest";
import { compressions } from "./backup.ts";
import { backupFileName, backupNameFrom } from "./backup-name.ts";

const at = Date.UTC(2026, 10, 21, 18, 1, 2, 999);

describe("the name of a backup's file", () => {
  it("says container, time and compression, and is read again", () => {
    expect(backupFileName("web", at, "zstd")).toBe("web_20261121T180102Z.tar.zst");
    expect(backupFileName("web", at, "gzip")).toBe("web_20261121T180102Z.tar.gz");
    expect(backupFileName("web", at, "none")).toBe("web_20261121T180102Z.tar");
    for (const container of ["web", "a", "my_web_20200101T000000Z", "x..y", "Upper-1.2"]) {
      for (const compression of compressions) {
        const file = backupFileName(container, at, compression) ?? "";
        expect(backupNameFrom(file)).toEqual({ container, createdAt: "2026-11-21T18:01:02Z", compression });
      }
    }
  });

  it.each(["", "..", "../web", "a/b", ".hidden", "-web", "web\n", "wéb"])("is not made for %j", (container) => {
    expect(backupFileName(container, at, "zstd")).toBeUndefined();
  });

  it.each([
    "web.tar.zst",
    "web_20261121T180102Z.tar.zst.partial",
    "../web_20261121T180102Z.tar.zst",
    "dir/web_20261121T180102Z.tar.zst",
    "..\\web_20261121T180102Z.tar.zst",
    "_20261121T180102Z.tar.zst",
    "web_20261341T180102Z.tar.zst",
    "web_20261121T180102Z.zip",
    "web_20261121T180102Z.tar.zst\n",
    "web_20261121T180102Z.tar.zst\0",
  ])("is nothing else: %j", (file) => {
    expect(backupNameFrom(file)).toBeUndefined();
  });
});
