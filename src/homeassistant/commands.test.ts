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
    ["power", "ON", { kind: "start", container: "web" }],
    ["power", "OFF", { kind: "stop", container: "web" }],
    ["power", '{"state":"OFF"}', { kind: "stop", container: "web" }],
    ["start", " start \n", { kind: "start", container: "web" }],
    ["stop", "PRESS", { kind: "stop", container: "web" }],
    ["restart", "PRESS", { kind: "restart", container: "web" }],
    ["pause", "", { kind: "pause", container: "web" }],
    ["unpause", "", { kind: "unpause", container: "web" }],
    ["check", "PRESS", { kind: "check", container: "web" }],
  ])("understands %s %j", (command, payload, expected) => {
    expect(heard(command, payload)).toEqual({ kind: "command", command: expected, id: undefined });
  });

  it.each([
    ["check", "PRESS", { kind: "check" }],
    ["rediscover", "", { kind: "rediscover" }],
  ])("understands the node's %s", (command, payload, expected) => {
    expect(heard(command, payload, null)).toEqual({ kind: "command", command: expected, id: undefined });
  });

  it("takes the sender's id", () => {
    expect(heard("restart", '{"id":"nodered-7"}')).toMatchObject({ kind: "command", id: "nodered-7" });
  });

  it.each([
    ["an unknown command", "explode", "", /no command "explode".*check, pause, power/],
    ["a word that it does not know", "update", "now", /takes an empty payload, PRESS or update or install/],
    ["a power that is neither on nor off", "power", "maybe", /takes ON or OFF/],
    ["a power without a word", "power", "", /takes ON or OFF/],
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
