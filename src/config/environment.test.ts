import { describe, expect, it } from "vitest";
import { loaded, problemsOf } from "../../test/configuration.ts";
import { configKeys } from "./keys.ts";

describe("environment variables", () => {
  it("set keys of every kind", () => {
    const config = loaded({
      environment: {
        GANGWAY_NODE: "nas",
        GANGWAY_MQTT__BASE_TOPIC: "docker",
        GANGWAY_CHECK__CONCURRENCY: "7",
        GANGWAY_CHECK__ON_START: "No",
        GANGWAY_STATS__INTERVAL: "60",
        GANGWAY_CONTAINERS__INCLUDE: "web, db-*,",
        GANGWAY_CONTAINERS__EXCLUDE: '["a,b"]',
        GANGWAY_REGISTRIES: '[{"host":"ghcr.io","token":"abcd"}]',
      },
    });

    expect(config.engines[0].node).toBe("nas");
    expect(config.mqtt.baseTopic).toBe("docker");
    expect(config.check).toMatchObject({ concurrency: 7, onStart: false });
    expect(config.stats.interval.ms).toBe(60_000);
    expect(config.containers).toEqual({ include: ["web", "db-*"], exclude: ["a,b"] });
    expect(config.registries).toEqual([{ host: "ghcr.io", token: "abcd", insecure: false }]);
  });

  it("win over the file, key by key", () => {
    const config = loaded({
      yaml: "check:\n  concurrency: 3\n  on_start: false\ncontainers: { include: [a, b] }\n",
      environment: { GANGWAY_CHECK__CONCURRENCY: "4", GANGWAY_CONTAINERS__INCLUDE: "c" },
    });

    expect(config.check).toMatchObject({ concurrency: 4, onStart: false });
    expect(config.containers.include).toEqual(["c"]);
  });

  it("read a value from a file, without the newline at its end", () => {
    const config = loaded({
      environment: { GANGWAY_MQTT__URL: "mqtt://broker", GANGWAY_MQTT__PASSWORD_FILE: "/run/secrets/mqtt" },
      files: { "/run/secrets/mqtt": " p w \r\n" },
    });

    expect(config.mqtt.password).toBe(" p w ");
  });

  it("take a key that ends in FILE for that key first", () => {
    const config = loaded({
      environment: {
        GANGWAY_MQTT__URL: "mqtts://broker",
        GANGWAY_MQTT__CA_FILE: "/ca.pem",
        GANGWAY_MQTT__CERT_FILE_FILE: "/names/cert",
        GANGWAY_MQTT__KEY_FILE: "/key.pem",
      },
      files: { "/ca.pem": "CA", "/names/cert": "/cert.pem\n", "/cert.pem": "C", "/key.pem": "K" },
    });

    expect(config.mqtt).toMatchObject({ caFile: "/ca.pem", certFile: "/cert.pem", keyFile: "/key.pem" });
  });

  it("count as absent when they are empty", () => {
    expect(
      loaded({ environment: { GANGWAY_MQTT__URL: "", GANGWAY_MQTT__PASSWORD_FILE: "", LOG_LEVEL: "" } }).log.level,
    ).toBe("info");
  });

  it("are refused under names that mean nothing, with the nearest that does", () => {
    expect(
      problemsOf({ environment: { GANGWAY_MQTT_URL: "x", GANGWAY_ZZZ: "x", GANGWAY_ENGINES__0__HOST: "x" } }),
    ).toEqual([
      "GANGWAY_ENGINES__0__HOST: expected a known setting, found an unknown one",
      "GANGWAY_MQTT_URL: expected a known setting (GANGWAY_MQTT__URL?), found an unknown one",
      "GANGWAY_ZZZ: expected a known setting, found an unknown one",
    ]);
  });

  it("name themselves where their value is refused", () => {
    expect(
      problemsOf({
        environment: {
          GANGWAY_CHECK__ON_START: "perhaps",
          GANGWAY_REGISTRIES: "ghcr.io",
          GANGWAY_MQTT__PASSWORD: "x",
          GANGWAY_MQTT__PASSWORD_FILE: "/x",
          GANGWAY_MQTT__USERNAME_FILE: "/absent",
        },
      }),
    ).toEqual([
      'GANGWAY_CHECK__ON_START: check.on_start: expected true or false, found "perhaps"',
      "GANGWAY_MQTT__PASSWORD: mqtt.password: expected mqtt.url beside it, found none",
      "GANGWAY_MQTT__PASSWORD_FILE: mqtt.password: expected either GANGWAY_MQTT__PASSWORD or GANGWAY_MQTT__PASSWORD_FILE, found both",
      'GANGWAY_MQTT__USERNAME_FILE: mqtt.username: expected a file with the value, found no file "/absent"',
      "GANGWAY_REGISTRIES: registries: expected a JSON list of objects, found a text that is not JSON",
    ]);
  });

  it("have names of their own, each", () => {
    const names = configKeys().flatMap(({ environment }) => environment ?? []);

    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("GANGWAY_MQTT__EMBEDDED__LISTEN");
    expect(names).not.toContain("GANGWAY_MQTT");
  });
});

describe("variables of other tools", () => {
  it.each([
    ["600", { kind: "interval", ms: 600_000 }],
    ["10m", { kind: "interval", ms: 600_000 }],
    ["1h30m", { kind: "interval", ms: 5_400_000 }],
  ])("are understood: CHECK_INTERVAL=%s", (text, schedule) => {
    expect(loaded({ environment: { CHECK_INTERVAL: text } }).check.schedule).toEqual(schedule);
  });

  it.each([
    ["INFO", "info"],
    ["WARNING", "warn"],
    ["CRITICAL", "error"],
    ["debug", "debug"],
  ])("are understood: LOG_LEVEL=%s", (text, level) => {
    expect(loaded({ environment: { LOG_LEVEL: text, CHECK_CONCURRENCY: "9" } })).toMatchObject({
      log: { level },
      check: { concurrency: 9 },
    });
  });

  it("win over the file and lose against Gangway's own", () => {
    const yaml = "log: { level: error }\ncheck: { concurrency: 2 }\n";
    const config = loaded({
      yaml,
      environment: { LOG_LEVEL: "DEBUG", CHECK_CONCURRENCY: "many", GANGWAY_CHECK__CONCURRENCY: "3" },
    });

    expect(config.log.level).toBe("debug");
    expect(config.check.concurrency).toBe(3);
  });

  it("are named where their value is refused", () => {
    expect(problemsOf({ environment: { CHECK_INTERVAL: "5", LOG_LEVEL: "constructor" } })).toEqual([
      expect.stringMatching(/^CHECK_INTERVAL: check.schedule: expected .* found "5"$/),
      expect.stringMatching(/^LOG_LEVEL: log.level: expected trace, .* found "constructor"$/),
    ]);
  });
});
