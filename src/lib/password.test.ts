import { describe, expect, it } from "vitest";
import { hashPassword, isPassword, isPasswordHash } from "./password.ts";

// Made by Python's hashlib.scrypt("correct horse", salt=b"0123456789abcdef", n=16, r=8, p=1, dklen=32).
const foreign = "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$OAkZqUBelG6VIYdTJfYSENL5OmZRxMa3GwXn5oFliTg";

describe("a password's hash", () => {
  it("is right for the password only, and another one each time", async () => {
    const [one, other] = await Promise.all([hashPassword("grün und süß"), hashPassword("grün und süß")]);

    expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(other).not.toBe(one);
    expect(isPasswordHash(one)).toBe(true);
    expect(await isPassword(one, "grün und süß")).toBe(true);
    expect(await isPassword(one, "grün und süss")).toBe(false);
  });

  it("does not depend on how a keyboard composes letters", async () => {
    expect(await isPassword(await hashPassword("é"), "e\u0301")).toBe(true);
  });

  it("can come from another program", async () => {
    expect(await isPassword(foreign, "correct horse")).toBe(true);
    expect(await isPassword(foreign, "wrong horse")).toBe(false);
  });

  it.each([
    "",
    "plain text",
    "$2b$12$abcdefghijklmnopqrstuv",
    "$scrypt$ln=14,r=8,p=5$short$short",
    foreign.replace("ln=4", "ln=0"),
    foreign.replace("p=1", "p=0"),
    // Each login would take a gigabyte, or minutes.
    foreign.replace("ln=4", "ln=20"),
    foreign.replace("p=1", "p=99"),
  ])("is not: %j", async (text) => {
    expect(isPasswordHash(text)).toBe(false);
    expect(await isPassword(text, "correct horse")).toBe(false);
  });
});
