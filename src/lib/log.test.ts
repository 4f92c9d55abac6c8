import { describe, expect, it } from "vitest";
import { GangwayError } from "./errors.ts";
import { createLog, createSecrets, type Secrets } from "./log.ts";

function logged(
  write: (log: ReturnType<typeof createLog>) => void,
  secrets: Secrets = createSecrets(),
  isTerminal = false,
): string {
  const lines: string[] = [];
  write(createLog({ level: "info", output: { write: (text) => lines.push(text), isTTY: isTerminal }, secrets }));
  return lines.join("");
}

describe("the log", () => {
  it("is a line of JSON for each entry, with fixed fields and a static message", () => {
    const line = logged((log) =>
      log.warn({ container: "web", err: new GangwayError("timeout", "too slow") }, "it failed"),
    );

    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      container: "web",
      msg: "it failed",
      err: { code: "timeout", message: "too slow" },
    });
  });

  it("leaves out what is less important than its level", () => {
    expect(logged((log) => log.debug({}, "noise"))).toBe("");
  });

  it("is for a person to read on a terminal", () => {
    const line = logged(
      (log) => log.error({ container: "web", reason: "two words", err: new Error("broken") }, "it failed"),
      createSecrets(),
      true,
    );

    expect(line).toMatch(/^\d\d:\d\d:\d\d error it failed {2}container=web reason="two words" error=broken\n$/);
  });

  it.each(["hunter22", 'with "quotes" in it', "with spaces & more", "päss/wörd+%"])(
    "never shows the secret %j, in whatever form it would be written",
    (secret) => {
      const secrets = createSecrets();
      secrets.register(secret);

      const text = logged((log) => {
        log.info({ password: secret, url: `mqtt://me:${encodeURIComponent(secret)}@broker` }, "connecting");
        log.info({ err: new Error(`wrong password ${secret}`) }, "failed");
      }, secrets);

      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
        expect(text).not.toContain(form);
      }
      expect(text).toContain("***");
    },
  );

  it("can forget a secret that has ended", () => {
    const secrets = createSecrets();
    secrets.register("short-lived");
    secrets.forget("short-lived");

    expect(secrets.redact("short-lived")).toBe("short-lived");
  });
});
