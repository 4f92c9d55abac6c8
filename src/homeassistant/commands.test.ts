import { describe, expect, it } from "vitest";
import { parseCommand } from "./commands.ts";
import { topicsFor } from "./topics.ts";

const topics = topicsFor("nas", "gangway", "homeassistant");
const heard = (command: string, payload: string, container: string | null = "web") =>
  parseCommand(
    { topic: container === null ? topics.nodeCommand(command) : topics.containerCommand(container, command), payload },
    topics,
    (name) => name === "web",
  );

describe("parseCommand", () => {
  it.each([
    ["update", "", { kind: "update", container: "web" }],
    ["update", "install", { kind: "update", container: "web" }],
    ["update", "PRESS", { kind: "update", container: "web" }],
    ["update", "update", { kind: "update", container: "web" }],
    ["update", '{"dry_run":true}', { kind: "update", container: "web", dryRun: true }],
    ["update", '{"dry_run":false}', { kind: "update", container: "web" }],
    ["recreate", "PRESS", { kind: "recreate", container: "web" }],
    ["rollback", "rollback", { kind: "rollback", container: "web" }],
    ["power", "ON", { kind: "start", container: "web" }],
    ["power", "OFF", { kind: "stop", container: "web" }],
    ["power", '{"state":"OFF"}', { kind: "stop", container: "web" }],
    ["start", " start \n", { kind: "start", container: "web" }],
    ["stop", "PRESS", { kind: "stop", container: "web" }],
    ["restart", "PRESS", { kind: "restart", container: "web" }],
    ["pause", "", { kind: "pause", container: "web" }],
    ["unpause", "", { kind: "unpause", container: "web" }],
    ["check", "PRESS", { kind: "check", container: "web" }],
    ["auto_update", "ON", { kind: "auto_update", container: "web", on: true }],
    ["auto_update", "OFF", { kind: "auto_update", container: "web", on: false }],
    ["auto_update", '{"state":"OFF"}', { kind: "auto_update", container: "web", on: false }],
  ])("understands %s %j", (command, payload, expected) => {
    expect(heard(command, payload)).toEqual({ kind: "command", command: expected, id: undefined });
  });

  it.each([
    ["check", "PRESS", { kind: "check" }],
    ["rediscover", "", { kind: "rediscover" }],
    ["backup_all", "PRESS", { kind: "backup_all" }],
    ["prune", "PRESS", { kind: "prune", what: "images" }],
    [
      "prune",
      '{"what":"volumes","all":true,"older_than":"30d"}',
      { kind: "prune", what: "volumes", all: true, olderThanMs: 2_592_000_000 },
    ],
    [
      "prune",
      '{"all":false,"older_than":3600,"dry_run":true}',
      { kind: "prune", what: "images", olderThanMs: 3_600_000, dryRun: true },
    ],
    ["update_all", "PRESS", { kind: "update_all" }],
    ["update_all", '{"containers":["web","db"]}', { kind: "update_all", containers: ["web", "db"] }],
    ["update_all", '{"image":"nginx","dry_run":true}', { kind: "update_all", image: "nginx", dryRun: true }],
    ["update_all", '{"project":"home"}', { kind: "update_all", project: "home" }],
    ["auto_update", "ON", { kind: "auto_update", on: true }],
    ["auto_update", '{"state":"OFF"}', { kind: "auto_update", on: false }],
    ["auto_update", '{"state":"ON","container":"web"}', { kind: "auto_update", container: "web", on: true }],
  ])("understands the node's %s", (command, payload, expected) => {
    expect(heard(command, payload, null)).toEqual({ kind: "command", command: expected, id: undefined });
  });

  it.each([
    ["", {}],
    ["PRESS", {}],
    ['{"id":"7","file":"web_1.tar"}', { file: "web_1.tar" }],
    [
      '{"name":"old","volumes":"new","ports":{"80/tcp":"81"},"start":false}',
      { name: "old", options: { volumes: "new", ports: { "80/tcp": "81" }, start: false } },
    ],
  ])("understands a restore %j, also of a container that is gone", (payload, expected) => {
    const wanted = { kind: "restore_wanted", container: "gone", options: {}, ...expected };

    expect(heard("restore", payload, "gone")).toMatchObject({ kind: "restore", wanted });
  });

  it.each(['{"volumes":"all"}', '{"ports":{"80":"81"}}', '{"file":7}', "now", '{"container":"web"}'])(
    "refuses a restore %j",
    (payload) => {
      expect(heard("restore", payload)).toMatchObject({ kind: "refusal", command: "restore" });
    },
  );

  it("takes the sender's id", () => {
    expect(heard("restart", '{"id":"nodered-7"}')).toMatchObject({ kind: "command", id: "nodered-7" });
  });

  it.each([
    ["an unknown command", "explode", "", /no command "explode".*check, pause, power/],
    ["a word that it does not know", "update", "now", /takes an empty payload, PRESS or update or install/],
    ["a power that is neither on nor off", "power", "maybe", /takes ON or OFF/],
    ["a power without a word", "power", "", /takes ON or OFF/],
    ["an automatic update that is neither on nor off", "auto_update", "PRESS", /takes ON or OFF/],
    ["another container on a container's topic", "auto_update", '{"state":"ON","container":"db"}', /takes ON or OFF/],
    ["broken JSON", "update", '{"id":', /takes an empty payload/],
    ["an option that it does not know", "update", '{"id":"a","force":true}', /takes an empty payload/],
    ["an id that is too long", "update", JSON.stringify({ id: "x".repeat(65) }), /takes an empty payload/],
    ["a payload that is far too long", "update", " ".repeat(5_000), /takes an empty payload/],
    ["the name of an object's own member", "constructor", "", /no command "constructor"/],
  ])("refuses %s, and says what it takes", (_, command, payload, message) => {
    expect(heard(command, payload)).toMatchObject({
      kind: "refusal",
      command,
      container: "web",
      message: expect.stringMatching(message),
    });
  });

  it("refuses a container that is not there", () => {
    expect(heard("update", "", "nope")).toMatchObject({
      kind: "refusal",
      container: "nope",
      message: 'There is no container named "nope".',
    });
  });

  it("refuses a container that is not there, also where the payload names it", () => {
    expect(heard("auto_update", '{"state":"ON","container":"nope","id":"a"}', null)).toMatchObject({
      kind: "refusal",
      container: "nope",
      id: "a",
      message: 'There is no container named "nope".',
    });
  });

  it.each([
    ["a container that is no name", "auto_update", '{"state":"ON","container":7}', /"container", "id"/],
    ["an age that is none", "prune", '{"older_than":"soon"}', /"what", "all", "older_than", "dry_run", "id"/],
    ["something that cannot be pruned", "prune", '{"what":"everything"}', /takes an empty payload, PRESS or prune/],
    ["a container where none belongs", "check", '{"container":"web"}', /takes an empty payload/],
  ])("refuses of the node %s", (_, command, payload, message) => {
    expect(heard(command, payload, null)).toMatchObject({
      kind: "refusal",
      container: null,
      message: expect.stringMatching(message),
    });
  });

  it("keeps the sender's id in a refusal, so that it finds its answer", () => {
    expect(heard("update", '{"id":"a","force":true}')).toMatchObject({ kind: "refusal", id: "a" });
  });

  it.each(["gangway/nas/status", "gangway/other/command/check", "gangway/nas/command", "x"])(
    "does not take %s for a command",
    (topic) => {
      expect(parseCommand({ topic, payload: "" }, topics, () => true)).toBeUndefined();
    },
  );
});
