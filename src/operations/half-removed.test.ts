import { expect, it } from "vitest";
import { restoreLabel } from "../core/restore-journal.ts";
import { type ErrorCode, GangwayError } from "../lib/errors.ts";
import { removeHalfRemoved } from "./half-removed.ts";

const never = new AbortController().signal;

/** With the volumes `data`, `filled` (by this very operation) and `used`, whose removal fails with `code`. */
async function removed(removing: readonly string[], code: ErrorCode = "engine_conflict") {
  const gone: string[] = [];
  const engine = {
    inspectVolume: (Name: string) => {
      if (Name === "gone") return Promise.reject(new GangwayError("engine_not_found", "no such volume"));
      const Labels = { [restoreLabel]: Name === "filled" ? "0000000a" : "0000000b" };
      return Promise.resolve({ Name, Driver: "local", Labels });
    },
    removeVolume: (name: string) => {
      if (name === "used") return Promise.reject(new GangwayError(code, "volume is in use"));
      gone.push(name);
      return Promise.resolve();
    },
  };
  const replaced = { halts: [], begun: 0, start: true, safety: "web.tar", removing };
  const remarks = await removeHalfRemoved({ engine }, { operation: "0000000a", replaced }, never);
  return { gone, remarks };
}

it("removes what stands there though its removal was begun, but not what the way back has filled", async () => {
  expect(await removed(["data", "gone", "filled"])).toEqual({ gone: ["data"], remarks: [] });
});

it("says of what the engine keeps that it may lack data, and goes on", async () => {
  const { gone, remarks } = await removed(["used", "data"]);

  expect(gone).toEqual(["data"]);
  expect(remarks).toEqual([
    expect.stringMatching(/^The volume used, .*\(volume is in use\): it may lack data.*web\.tar/),
  ]);
});

it.each(["engine_unreachable", "timeout"] as const)("leaves it to another try at %s", async (code) => {
  await expect(removed(["used"], code)).rejects.toMatchObject({ code });
});
