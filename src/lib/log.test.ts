import { describe, expect, it } from "vitest";
import { createLog, createSecrets } from "./log.ts";

describe("createLog", () => {
  it("lets no registered secret out, in whatever field and form it stands", () => {
    const lines: string[] = [];
    const secrets = createSecrets();
    secrets.register('pass"word/1');
    const log = createLog({ level: "info", output: { write: (line) => lines.push(line) }, secrets });
    log.info({ url: `https://x/?p=${encodeURIComponent('pass"word/1')}`, err: new Error('pass"word/1') }, "a message");

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("***");
    expect(lines[0]).not.toContain("word");
  });
});

describe("createSecrets", () => {
  it("knows a secret until it is forgotten", () => {
    const { register, forget, redact } = createSecrets();
    register("first-secret");
    register("second/secret");
    forget("second/secret");

    expect(redact("first-secret second/secret second%2Fsecret")).toBe("*** second/secret second%2Fsecret");
  });

  it("leaves texts alone that are too short to be secrets", () => {
    const { register, redact } = createSecrets();
    register("abc");
    register("");

    expect(redact("abcdef")).toBe("abcdef");
  });
});
