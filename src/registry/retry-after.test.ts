import { describe, expect, it } from "vitest";
import { retryAfterMsFrom } from "./retry-after.ts";

const now = Date.parse("2026-03-01T12:00:00Z");

describe("retryAfterMsFrom", () => {
  it.each([
    ["seconds", "120", "", 120_000],
    ["no seconds", "0", "", 0],
    ["a date to come", "Sun, 01 Mar 2026 12:05:00 GMT", "", 300_000],
    ["a date that is past", "Sun, 01 Mar 2026 11:00:00 GMT", "", 0],
    ["GHCR's text", undefined, "toomanyrequests: retry-after: 331.163µs, allowed: 44000/minute", 1],
    [
      "GHCR's text in an error body",
      undefined,
      '{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1m30.5s, allowed: 44000/minute"}]}',
      90_500,
    ],
    ["a header before a text", "5", "retry-after: 60s", 5_000],
    ["neither", undefined, "You have reached your pull rate limit.", undefined],
    ["a header without sense", "soon", "", undefined],
    ["a number that is no number of seconds", "-3", "", undefined],
  ])("reads %s", (_name, header, body, expected) => {
    expect(retryAfterMsFrom(header, body, now)).toBe(expected);
  });
});
