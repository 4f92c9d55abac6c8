import { describe, expect, it } from "vitest";
import { load, loaded, problemsOf } from "../../test/configuration.ts";

describe("loadConfig", () => {
  it("works without any configuration", () => {
    const result = load();

    expect(result).toMatchObject({ kind: "loaded", file: undefined, warnings: [] });
    expect(loaded()).toEqual({
      dataDir: "./data",
      mqtt: { baseTopic: "gangway", embedded: { listen: { host: "127.0.0.1", port: 1883 } } },
      discovery: { enabled: true, prefix: "homeassistant", birthTopic: "homeassistant/status" },
      engines: [{ host: "unix:///var/run/docker.sock" }],
      registries: [],
      check: { schedule: { kind: "cron", expression: "0 */6 * * *" }, onStart: true, concurrency: 5 },
      update: {
        healthTimeout: { ms: 180_000 },
        stableFor: { ms: 15_000 },
        cooldown: { ms: 0 },
        auto: { enabled: false },
        backupFirst: false,
        dryRun: false,
        parallel: 1,
        cleanup: { oldImages: false, keep: 1 },
      },
      images: [],
      prune: { keep: [] },
      stats: { interval: { ms: 30_000 } },
      http: {
        listen: { host: "127.0.0.1", port: 5000 },
        enabled: false,
        auth: true,
        allowedIps: ["127.0.0.0/8", "::1"],
        ...{
          profile: "monitor",
          compat: false,
          users: [],
          monkey: { destructive: false },
          keys: [],
          trustedProxies: [],
          listeners: [],
          cors: [],
        },
      },
      containers: { include: [], exclude: [] },
      backup: { consistency: "stop", restoreByMqtt: false, compression: "zstd", keep: 5, uploadLimitGb: 100 },
      entities: { preset: "standard", include: [], exclude: [], grace: { ms: 86_400_000 } },
      log: { level: "info" },
    });
  });

  it("reports everything that is wrong at once, in the order of the lines", () => {
    const yaml = [
      "node: My NAS",
      "mqtt:",
      "  url: http://broker",
      "  base_topic: docker/#",
      "chek: {}",
      "check:",
      "  schedule: 61 * * * *",
      "  concurrency: 0",
      "stats:",
      "  interval: 1s",
      "http: 5000",
      "containers:",
      "  include: [web, 7]",
    ].join("\n");

    expect(problemsOf({ yaml, environment: { GANGWAY_LOG__LEVEL: "loud" } })).toEqual([
      'config.yaml:1:7: node: expected up to 63 lower-case letters, digits and hyphens, found "My NAS"',
      expect.stringMatching(
        /^config\.yaml:3:8: mqtt\.url: expected a broker's address such as .*, found "http:\/\/broker"$/,
      ),
      expect.stringMatching(/^config\.yaml:4:15: mqtt\.base_topic: expected a topic .*, found "docker\/#"$/),
      "config.yaml:5:1: chek: expected a known key (check?), found an unknown one",
      expect.stringMatching(/^config\.yaml:7:13: check\.schedule: expected a cron .*, found "61 \* \* \* \*"$/),
      "config.yaml:8:16: check.concurrency: expected a whole number from 1 to 50, found 0",
      expect.stringMatching(
        /^config\.yaml:10:13: stats\.interval: expected 0, or a duration from 5s to .*, found "1s"$/,
      ),
      "config.yaml:11:7: http: expected a section with keys of its own, found a number",
      expect.stringMatching(
        /^config\.yaml:13:18: containers\.include\[1\]: expected a .*, found 7 \(quotes make it a text\)$/,
      ),
      'GANGWAY_LOG__LEVEL: log.level: expected trace, debug, info, warn, error or silent, found "loud"',
    ]);
  });

  it("suggests the key that was meant, in whatever spelling and place", () => {
    expect(problemsOf({ yaml: "update:\n  healthTimeout: 60s\nbase_topic: docker\n" })).toEqual([
      "config.yaml:2:3: update.healthTimeout: expected a known key (update.health_timeout?), found an unknown one",
      "config.yaml:3:1: base_topic: expected a known key (mqtt.base_topic?), found an unknown one",
    ]);
  });

  it("suggests the entity that was meant", () => {
    const yaml = "entities:\n  preset: most\n  include: [pid, node.jobs]\n  exclude: [colour, 7]\n  prefix: Docker-\n";

    expect(problemsOf({ yaml })).toEqual([
      'config.yaml:2:11: entities.preset: expected minimal, standard or full, found "most"',
      'config.yaml:3:13: entities.include[0]: expected a known entity (pids?), found "pid"',
      'config.yaml:3:18: entities.include[1]: expected a known entity (node.job?), found "node.jobs"',
      'config.yaml:4:13: entities.exclude[0]: expected a known entity, found "colour"',
      "config.yaml:4:21: entities.exclude[1]: expected a known entity, found 7",
      expect.stringMatching(/^config\.yaml:5:11: entities\.prefix: expected lower-case letters, .*, found "Docker-"$/),
    ]);
    expect(loaded({ environment: { GANGWAY_ENTITIES__EXCLUDE: "cpu,node.cpu" } }).entities.exclude).toEqual([
      "cpu",
      "node.cpu",
    ]);
  });

  it("says nothing of keys while the file is not YAML, but still all of the environment", () => {
    const yaml = "mqtt:\n\turl: x\nchek: 1\n";

    expect(problemsOf({ yaml, environment: { LOG_LEVEL: "loud", GANGWAY_X: "1" } })).toEqual([
      "config.yaml:2:1: expected spaces for indentation, found a tab",
      "GANGWAY_X: expected a known setting, found an unknown one",
    ]);
  });

  it("refuses a file that is no section, or contains itself", () => {
    expect(problemsOf({ yaml: "- web\n- db\n" })).toEqual([
      "config.yaml:1:1: expected a section with keys of its own, found a list",
    ]);
    expect(problemsOf({ yaml: "mqtt: &m\n  embedded: *m\n" })).toEqual([
      "config.yaml:2:3: mqtt.embedded.embedded: expected a known key, found an unknown one",
    ]);
  });

  it("does not let a variable hide that a section is none", () => {
    expect(problemsOf({ yaml: "mqtt: broker\n", environment: { GANGWAY_MQTT__URL: "mqtt://broker" } })).toEqual([
      "config.yaml:1:7: mqtt: expected a section with keys of its own, found a text",
    ]);
  });

  it("takes empty keys and sections for absent ones", () => {
    expect(loaded({ yaml: "mqtt:\n  url:\n  embedded:\ncheck:\ncontainers:\n  include:\n" })).toEqual(loaded());
  });

  it("lays image defaults under the file, and the command line over everything", () => {
    const config = loaded({
      imageDefaults: { data_dir: "/data", http: { listen: "0.0.0.0:5000" }, log: { level: "error" } },
      yaml: "data_dir: /elsewhere\nlog: { level: warn }\n",
      environment: { LOG_LEVEL: "error" },
      commandLine: { logLevel: "trace" },
    });

    expect(config.dataDir).toBe("/elsewhere");
    expect(config.http.listen.host).toBe("0.0.0.0");
    expect(config.log.level).toBe("trace");
    expect(problemsOf({ commandLine: { logLevel: "loud" } })).toEqual([
      expect.stringMatching(/^--log-level: log\.level: /),
    ]);
  });

  it("moves credentials out of the broker's address, unless they stand beside it", () => {
    const yaml = "mqtt:\n  url: mqtt://me:in-url@broker\n";

    expect(loaded({ yaml }).mqtt).toMatchObject({ url: "mqtt://broker", username: "me", password: "in-url" });
    expect(loaded({ yaml, environment: { GANGWAY_MQTT__PASSWORD: "beside" } }).mqtt).toMatchObject({
      url: "mqtt://broker",
      username: "me",
      password: "beside",
    });
  });

  it("refuses cron expressions that never come due", () => {
    expect(problemsOf({ yaml: "check: { schedule: '0 0 30 2 *' }\n" })).toHaveLength(1);
    expect(problemsOf({ yaml: "check: { schedule: '0 0 */6 * * *' }\n" })).toHaveLength(1);
    expect(loaded({ yaml: "check: { schedule: '0 0 29 2 *' }\n" }).check.schedule.kind).toBe("cron");
    expect(loaded({ yaml: "check: { schedule: '@daily' }\n" }).check.schedule).toEqual({
      kind: "cron",
      expression: "@daily",
    });
  });

  it("tells of certificate files that cannot be read", () => {
    expect(problemsOf({ yaml: "mqtt:\n  url: mqtts://broker\n  ca_file: certs/ca.pem\n" })).toEqual([
      'config.yaml:3:12: mqtt.ca_file: expected a file that can be read, found no file "certs/ca.pem"',
    ]);
  });
});

describe("where the file is looked for", () => {
  const files = {
    "/home/me/config.yaml": "node: here",
    "/config/config.yaml": "node: mounted",
    "/home/me/other.yaml": "node: other",
    "/third.yaml": "node: third",
  };
  const node = (setting: Parameters<typeof loaded>[0]): string | undefined => loaded(setting).engines[0].node;

  it("is --config, then GANGWAY_CONFIG, then the working directory, then /config", () => {
    const environment = { GANGWAY_CONFIG: "/third.yaml" };

    expect(node({ files, environment, commandLine: { config: "other.yaml" } })).toBe("other");
    expect(node({ files, environment })).toBe("third");
    expect(node({ files })).toBe("here");
    expect(node({ files: { "/config/config.yaml": "node: mounted" } })).toBe("mounted");
  });

  it("must be there when it was named", () => {
    expect(problemsOf({ files, commandLine: { config: "absent.yaml" } })).toEqual([
      '--config: expected a file with the configuration, found no file "absent.yaml"',
    ]);
    expect(problemsOf({ files, environment: { GANGWAY_CONFIG: "/absent.yaml" } })).toEqual([
      'GANGWAY_CONFIG: expected a file with the configuration, found no file "/absent.yaml"',
    ]);
  });
});
