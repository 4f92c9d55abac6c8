import { describe, expect, it } from "vitest";
import { filesFrom, load, problemsOf } from "../../test/configuration.ts";
import { createSecrets } from "../lib/log.ts";

describe("secrets", () => {
  const yaml = [
    "mqtt:",
    "  url: mqtt://me:url-secret@broker",
    "  password: mqtt-secret",
    "registries:",
    "  - { host: ghcr.io, username: me, password: registry-secret }",
    "  - { host: quay.io, token: token-secret }",
  ].join("\n");

  it("are registered for redaction, from whatever layer they come", () => {
    const secrets = createSecrets();
    load({
      yaml,
      secrets,
      environment: { GANGWAY_MQTT__PASSWORD: "env-secret", GANGWAY_MQTT__EMBEDDED__PASSWORD_FILE: "/run/secrets/e" },
      files: { "/run/secrets/e": "file-secret\n" },
    });

    expect(secrets.redact("url-secret mqtt-secret registry-secret token-secret env-secret file-secret")).toBe(
      "*** *** *** *** *** ***",
    );
  });

  it("do not appear in problems, wherever they were written", () => {
    const broken = [
      "mqtt: password=top-secret",
      "registries:",
      "  - { host: 'https://me:top-secret@ghcr.io', password: 1234567, token: [top-secret] }",
      "  - me:top-secret",
      "engines: [{ host: 'tcp://me:top-secret@nas' }]",
    ].join("\n");
    const problems = problemsOf({
      yaml: broken,
      environment: { GANGWAY_HTTP__LISTEN: "top-secret@x", GANGWAY_MQTT__URL: "mqtt://me:top/secret@x" },
    }).join("\n");

    expect(problems.split("\n").length).toBeGreaterThan(6);
    expect(problems).not.toMatch(/top.?secret|1234567/);
  });

  it("do not appear under the wrong key, and short ones not under their own", () => {
    const yamlOfMistakes = "log: { level: hunter22 }\nmqtt: { url: mqtt://broker, password: hunter22 }\n";

    expect(problemsOf({ yaml: yamlOfMistakes })[0]).toMatch(/^config\.yaml:1:15: log\.level: .* found "\*\*\*"$/);
    expect(problemsOf({ yaml: "mqtt: { url: mqtt://broker, password: 123 }\n" })).toEqual([
      "config.yaml:1:39: mqtt.password: expected a text, found a number (quotes make it a text)",
    ]);
    expect(problemsOf({ yaml: "registries: ghcr.io me top-secret\n" })).toEqual([
      "config.yaml:1:13: registries: expected a list of registries, found a text",
    ]);
  });

  it("do not appear where an address with one does not parse", () => {
    const secrets = createSecrets();

    expect(problemsOf({ secrets, yaml: "mqtt: { url: 'mqtt://me:to#p@secret@broker' }\n" }).join()).not.toContain(
      "to#p",
    );
    expect(secrets.redact("to#p@secret")).toBe("***");
  });

  it("in a file that everyone may read are worth a warning", () => {
    const open = filesFrom({ "/home/me/config.yaml": yaml }, 0o100_644);
    const harmless = filesFrom({ "/home/me/config.yaml": "node: nas\n" }, 0o100_644);

    expect(load({ readFile: open })).toMatchObject({ kind: "loaded", warnings: [{ file: "/home/me/config.yaml" }] });
    expect(load({ yaml })).toMatchObject({ warnings: [] });
    expect(load({ readFile: harmless })).toMatchObject({ warnings: [] });
  });
});
