import { describe, expect, it } from "vitest";
import { addressSet } from "../lib/addresses.ts";
import { type AccessQuestion, type AccessRules, decideAccess, type Shown } from "./access.ts";
import type { Scope } from "./keys.ts";
import type { Page } from "./origins.ts";

const none: Shown = { kind: "none" };
const holder: Shown = { kind: "holder", holder: { name: "ann", scope: "admin", allowed: addressSet(["0.0.0.0/0"]) } };

/** `in`, or why not. */
async function decided(
  more: Pick<AccessQuestion, "page" | "changes"> & { readonly scope: Scope; readonly auth: boolean },
  shown: Shown,
): Promise<string> {
  const { page, changes, scope, auth } = more;
  const rules: AccessRules = { isAllowed: () => true, allowedSetting: "", enabled: true, auth };
  const decision = await decideAccess({ address: "192.0.2.7", page, changes, route: { scope } }, rules, () => shown);
  return "kind" in decision ? decision.kind : "in";
}

describe("where no key is asked for, a page that may be anybody's", () => {
  it.each<readonly [Page, boolean, Scope, string]>([
    ["foreign", false, "admin", "foreign_page"],
    ["untold", false, "admin", "foreign_page"],
    ["none", false, "admin", "in"],
    ["own", false, "admin", "in"],
    ["allowed", false, "admin", "in"],
    ["foreign", false, "read", "in"],
    ["untold", false, "read", "in"],
    ["foreign", true, "control", "foreign_page"],
    ["foreign", true, "admin", "foreign_page"],
    // With what changes something, browsers always say where it comes from: this is a script.
    ["untold", true, "control", "in"],
    ["untold", true, "admin", "in"],
  ])("%s, that changes something: %s, gets to %s: %s", async (page, changes, scope, expected) => {
    expect(await decided({ page, changes, scope, auth: false }, none)).toBe(expected);
  });

  it("does no harm with a key, or where one is asked for", async () => {
    const reads = { changes: false, scope: "admin" } as const;

    expect(await decided({ ...reads, page: "untold", auth: false }, holder)).toBe("in");
    expect(await decided({ ...reads, page: "foreign", auth: true }, holder)).toBe("in");
    expect(await decided({ ...reads, page: "foreign", auth: true }, none)).toBe("credentials");
  });
});
