import { describe, expect, it } from "vitest";
import { hashPassword } from "../lib/password.ts";
import { openUsers } from "./users.ts";

describe("users", () => {
  it("are known by name and password together, however the password was given", async () => {
    const users = await openUsers([
      { name: "ann", passwordHash: await hashPassword("one") },
      { name: "bob", password: "two" },
    ]);
    const asked: readonly (readonly [string, string, string | undefined])[] = [
      ["ann", "one", "ann"],
      ["bob", "two", "bob"],
      ["ann", "two", undefined],
      ["bob", "", undefined],
      ["eve", "one", undefined],
      ["constructor", "one", undefined],
      ["", "", undefined],
      ["ann", "one".repeat(1_000), undefined],
    ];
    // All at once: one after the other has its turn.
    const found = await Promise.all(
      asked.map(async ([name, password]) => (await users.holderOf(name, password))?.name),
    );

    expect(found).toEqual(asked.map(([, , expected]) => expected));
  });

  it("are nobody where none are configured", async () => {
    expect(await (await openUsers([])).holderOf("ann", "one")).toBeUndefined();
  });
});
