import { describe, expect, it } from "vitest";
import { quotaFrom } from "./quota.ts";

function quota(limit: string, remaining: string) {
  const headers: Readonly<Record<string, string>> = { "ratelimit-limit": limit, "ratelimit-remaining": remaining };
  return quotaFrom({ header: (name) => headers[name] ?? "" });
}

describe("quotaFrom", () => {
  it.each([
    ["100;w=21600", "20;w=21600", { limit: 100, remaining: 20, windowSeconds: 21_600 }],
    ["100;w=21600", "0;w=21600", { limit: 100, remaining: 0, windowSeconds: 21_600 }],
    [" 200 ; w = 21600", "199", { limit: 200, remaining: 199, windowSeconds: 21_600 }],
    ["100, 100;w=60", "7", { limit: 100, remaining: 7 }],
    ["60", "59", { limit: 60, remaining: 59 }],
    ["60;w=0", "59;w=0", { limit: 60, remaining: 59 }],
  ])("reads %s and %s", (limit, remaining, expected) => {
    expect(quota(limit, remaining)).toEqual(expected);
  });

  it.each([
    ["", ""],
    ["100;w=21600", ""],
    ["", "20;w=21600"],
    ["many", "few"],
    ["-1", "-1"],
  ])("tells nothing from %j and %j", (limit, remaining) => {
    expect(quota(limit, remaining)).toBeUndefined();
  });
});
