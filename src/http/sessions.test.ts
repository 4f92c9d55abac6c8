import { describe, expect, it } from "vitest";
import { createSessions, sessionSeconds } from "./sessions.ts";

const ann = { name: "ann", scope: "admin", allowed: undefined } as const;

describe("a session", () => {
  it("lasts for a day, or until its end", () => {
    let now = 5_000;
    const sessions = createSessions({ clock: { elapsed: () => now } });
    const [one, other] = [sessions.begin(ann), sessions.begin(ann)];
    sessions.end(other);
    now += sessionSeconds * 1_000 - 1;

    expect(one).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(sessions.holderOf(one)).toBe(ann);
    expect(sessions.holderOf(other)).toBeUndefined();
    expect(sessions.holderOf("")).toBeUndefined();
    now += 1;
    expect(sessions.holderOf(one)).toBeUndefined();
  });

  it("gives way to new ones when there are too many", () => {
    const sessions = createSessions({ clock: { elapsed: () => 0 } });
    const tokens = Array.from({ length: 1_001 }, () => sessions.begin(ann));

    expect(sessions.holderOf(tokens[0] ?? "")).toBeUndefined();
    expect(sessions.holderOf(tokens[1] ?? "")).toBe(ann);
    expect(sessions.holderOf(tokens[1_000] ?? "")).toBe(ann);
  });
});
