import { z } from "zod";
import { Backup } from "./backup.ts";
import { Entities } from "./entities.ts";
import { Http } from "./http.ts";
import { Image } from "./images.ts";
import { Prune } from "./prune.ts";
import {
  brokerUrl,
  cronExpression,
  duration,
  engineHost,
  listenAddress,
  registryHost,
  schedule,
  section,
  text,
  topic,
  wholeNumber,
  yesOrNo,
} from "./values.ts";

/*
 * The one truth about the configuration: keys as in YAML, defaults, bounds and meanings. The documentation, the JSON
 * Schema and the names of environment variables are made from it. Rules between keys stand in rules.ts.
 */

/** The engine that is used where nothing names one. */
export const defaultEngineHost = "unix:///var/run/docker.sock";

const file = (description: string) => text("the path of a file").exactOptional().meta({ description });
const secret = (description: string) => text("a text").exactOptional().meta({ description, writeOnly: true });

const node = () =>
  z
    .string("a text of lower-case letters, digits and hyphens")
    .regex(/^[a-z0-9-]{1,63}$/, "up to 63 lower-case letters, digits and hyphens")
    .exactOptional();

const Embedded = z
  .strictObject(
    {
      listen: listenAddress().prefault("127.0.0.1:1883").meta({
        description:
          "Where the embedded broker listens. Addresses that other machines can reach are refused without `username` and `password`.",
      }),
      username: text("a text").exactOptional().meta({ description: "What clients of the embedded broker must show." }),
      password: secret("The password that belongs to `username`."),
    },
    section,
  )
  .prefault({})
  .meta({ description: "The broker inside Gangway, used while `mqtt.url` is absent." });

const Mqtt = z
  .strictObject(
    {
      url: brokerUrl().exactOptional().meta({
        description:
          "The broker: `mqtt://`, `mqtts://`, `ws://` or `wss://`. Without it, Gangway starts its embedded broker.",
      }),
      username: text("a text").exactOptional().meta({ description: "The user name at the broker of `url`." }),
      password: secret("The password at the broker of `url`."),
      ca_file: file("PEM file with the certificate authorities to trust for `mqtts://` and `wss://`."),
      cert_file: file("PEM file with the client's certificate; needs `key_file`."),
      key_file: file("PEM file with the key of `cert_file`."),
      base_topic: topic().prefault("gangway").meta({ description: "The first levels of all of Gangway's own topics." }),
      embedded: Embedded,
    },
    section,
  )
  .prefault({})
  .meta({ description: "The connection to the MQTT broker." });

const Discovery = z
  .strictObject(
    {
      enabled: yesOrNo().prefault(true).meta({ description: "Announce containers to Home Assistant." }),
      prefix: topic()
        .prefault("homeassistant")
        .meta({ description: "Home Assistant's discovery prefix, as set in its MQTT integration." }),
      birth_topic: topic()
        .prefault("homeassistant/status")
        .meta({ description: "Where Home Assistant says `online`; everything is then published again." }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Home Assistant's MQTT discovery." });

const Engine = z.strictObject(
  {
    node: node().meta({ description: "The engine's short name in topics. Needed for each, where there are several." }),
    host: engineHost().prefault(defaultEngineHost).meta({
      description:
        "`unix:///path`, `tcp://host:port` or `https://host:port`. Where absent, `DOCKER_HOST` with `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` is used, then the local socket.",
    }),
    ca_file: file("PEM file with the certificate authorities to trust; turns on TLS."),
    cert_file: file("PEM file with the client's certificate; needs `key_file`."),
    key_file: file("PEM file with the key of `cert_file`."),
  },
  section,
);

const Registry = z.strictObject(
  {
    host: registryHost().meta({ description: "The registry's host as in image references, such as `ghcr.io`." }),
    username: text("a text").exactOptional().meta({ description: "The user name; needs `password`." }),
    password: secret("The password or access token that belongs to `username`."),
    token: secret("A registry token, sent as it is, instead of `username` and `password`."),
    insecure: yesOrNo()
      .prefault(false)
      .meta({ description: "Talk to it without verified TLS: first HTTPS with any certificate, then HTTP." }),
    ca_file: file(
      "PEM file with the certificate authorities to trust for this registry, beside those that the engine has in `/etc/docker/certs.d/<host>/`.",
    ),
    mirror_of: registryHost().exactOptional().meta({
      description:
        "The registry that this one is asked in place of, such as `docker.io` for a pull-through cache. What it does not have or cannot tell is asked at that registry itself. Credentials are shown only to the host that they are set for.",
    }),
  },
  section,
);

const Check = z
  .strictObject(
    {
      schedule: schedule().prefault("0 */6 * * *").meta({
        description:
          "When to ask the registries for updates: a cron expression with five fields, or an interval of at least a minute such as `6h`.",
      }),
      on_start: yesOrNo().prefault(true).meta({ description: "Also ask once after the start." }),
      concurrency: wholeNumber(1, 50)
        .prefault(5)
        .meta({ description: "How many images are asked about at a time: 1 to 50." }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Looking for updates." });

const Update = z
  .strictObject(
    {
      health_timeout: duration({ min: "1s" }).prefault("180s").meta({
        description:
          "How long a new container may take to become healthy before it is rolled back; never less than its own health check needs.",
      }),
      stable_for: duration({ min: "0s" })
        .prefault("15s")
        .meta({ description: "How long a new container must stay up where it has no health check." }),
      cooldown: duration({ min: "0s" }).prefault("0s").meta({
        description:
          "How long a new version must have been at the registry, since Gangway first saw it there, before it is installed automatically.",
      }),
      auto: z
        .strictObject(
          {
            enabled: yesOrNo().prefault(false).meta({
              description:
                "Install updates automatically, for all containers of which neither a label, nor their switch, nor `images[]` says otherwise.",
            }),
            window: cronExpression().exactOptional().meta({
              description:
                "When automatic updates begin, as a cron expression; Gangway checks first. Without it they begin right after each check.",
            }),
          },
          section,
        )
        .prefault({})
        .meta({ description: "Installing updates automatically." }),
      backup_first: yesOrNo().prefault(false).meta({
        description:
          "Back a container up before it is updated, and update it only when that went well. The label `gangway.backup-first` wins.",
      }),
      dry_run: yesOrNo().prefault(false).meta({
        description: "Replace no container: every update only says what it would do.",
      }),
      parallel: wholeNumber(1, 10)
        .prefault(1)
        .meta({ description: "How many containers are updated at the same time: 1 to 10." }),
      cleanup: z
        .strictObject(
          {
            old_images: yesOrNo()
              .prefault(false)
              .meta({
                description:
                  "Remove images of the updated container's repository that no container needs and that have no tag left, or " +
                  "only that of a version which an update has replaced.",
              }),
            keep: wholeNumber(1, 100)
              .prefault(1)
              .meta({ description: "How many old images stay, the one for a rollback among them: 1 to 100." }),
          },
          section,
        )
        .prefault({})
        .meta({ description: "What becomes of old images after an update." }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Installing updates." });

/** The configuration as it is written; what it is parsed to still has these keys. */
export const ConfigFile = z.strictObject(
  {
    node: node().meta({
      description:
        "The engine's short name in topics, where there is one engine. Where absent, it is made from the engine's host name.",
    }),
    data_dir: text("the path of a directory")
      .prefault("./data")
      .meta({ description: "Where Gangway keeps its files; relative to the working directory." }),
    settings_path: text("the path of a file").exactOptional().meta({
      description: "Where `settings.json` is kept, if not in `data_dir`; its directory must be there.",
    }),
    mqtt: Mqtt,
    discovery: Discovery,
    engines: z.array(Engine, "a list of engines").min(1, "at least one engine").prefault([{}]).meta({
      description: "The Docker engines to watch. Where absent: one, from `DOCKER_HOST` or the local socket.",
    }),
    registries: z.array(Registry, "a list of registries").prefault([]).meta({
      description: "Credentials and settings of registries, besides what `~/.docker/config.json` has.",
    }),
    check: Check,
    update: Update,
    images: z.array(Image, "a list of images").prefault([]).meta({ description: "Settings of certain images." }),
    prune: Prune,
    stats: z
      .strictObject(
        {
          interval: duration({ min: "5s", zeroIsOff: true }).prefault("30s").meta({
            description: "How often CPU, memory, network and disk figures are taken: at least `5s`, or `0` for never.",
          }),
        },
        section,
      )
      .prefault({})
      .meta({ description: "Figures of running containers." }),
    backup: Backup,
    http: Http,
    containers: z
      .strictObject(
        {
          include: z
            .array(text("a container's name, or a pattern such as web-*"), "a list of names")
            .prefault([])
            .meta({ description: "Names or patterns (`web-*`) of the containers to watch; empty: all." }),
          exclude: z
            .array(text("a container's name, or a pattern such as web-*"), "a list of names")
            .prefault([])
            .meta({ description: "Names or patterns of containers to leave out; wins over `include`." }),
        },
        section,
      )
      .prefault({})
      .meta({ description: "Which containers are watched. Their labels win over this." }),
    entities: Entities,
    log: z
      .strictObject(
        {
          level: z
            .enum(["trace", "debug", "info", "warn", "error", "silent"], "trace, debug, info, warn, error or silent")
            .prefault("info")
            .meta({ description: "The least important lines to write: `trace` to `error`, or `silent`." }),
        },
        section,
      )
      .prefault({})
      .meta({ description: "The log on standard output." }),
  },
  section,
);
export type ConfigFile = z.output<typeof ConfigFile>;

/** What may be written in YAML, or be an image's defaults. */
export type ConfigInput = z.input<typeof ConfigFile>;
