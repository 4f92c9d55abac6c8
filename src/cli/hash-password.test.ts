import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../lib/log.ts";
import { isPassword } from "../lib/password.ts";
import { printPasswordHash } from "./hash-password.ts";
import type { Terminal } from "./terminal.ts";

async function hashOf(input: Terminal["input"]) {
  const written = { output: "", errors: "" };
  const sink = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const terminal: Terminal = {
    ...{ input, output: sink("output"), errors: sink("errors"), environment: {}, cwd: "/", home: "/", version: "" },
    ...{ readFile: () => ({ kind: "missing" }), secrets: createSecrets(), user: undefined },
    usage: () => ({ cpuSeconds: 0, residentBytes: 0, heapUsedBytes: 0, startedAt: 0 }),
  };
  const code = await printPasswordHash(terminal, new AbortController().signal);
  return { code, ...written };
}

/** A terminal at which somebody types. */
const typed = (text: string): Terminal["input"] =>
  Object.assign(new PassThrough(), { isTTY: true }).wrap(Readable.from(text));

describe("gangway hash-password", () => {
  it.each(["a password", "a password\n", "a password\r\n"])("prints a hash of what is piped in: %j", async (piped) => {
    const { code, output } = await hashOf(Readable.from([piped]));

    expect(code).toBe(0);
    expect(await isPassword(output.trimEnd(), "a password")).toBe(true);
  });

  it("refuses nothing at all", async () => {
    expect(await hashOf(Readable.from([""]))).toEqual({
      ...{ code: 2, output: "", errors: "gangway: there is no password on standard input\n" },
    });
  });

  it.each([
    ["a password\ranother\r", "the two passwords are not the same"],
    ["\r\r", "no password was given"],
    ["a password\r\u0003", "no password was given"],
  ])("asks twice at a terminal: %j", async (text, complaint) => {
    const { code, output, errors } = await hashOf(typed(text));

    expect([code, output]).toEqual([2, ""]);
    expect(errors).toBe(`Password: \nThe same again: \ngangway: ${complaint}\n`);
  });

  it("shows nothing of what is typed", async () => {
    const { code, output, errors } = await hashOf(typed("a pasx\u007fsword\ra password\r"));

    expect([code, errors]).toEqual([0, "Password: \nThe same again: \n"]);
    expect(await isPassword(output.trimEnd(), "a password")).toBe(true);
  });
});
