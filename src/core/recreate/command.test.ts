import { describe, expect, it } from "vitest";
import { commandFor } from "./command.ts";

const image = { Entrypoint: ["/entry"], Cmd: ["serve"] };
const bare = { Entrypoint: null, Cmd: ["serve"] };

describe("the entrypoint and command of a recreated container", () => {
  it.each([
    ["leaves both to the new image if both are the image's", image, image, {}],
    ["keeps arguments", { Entrypoint: ["/entry"], Cmd: ["other"] }, image, { Cmd: ["other"] }],
    [
      "keeps the image's entrypoint given without a command, so that the image's command stays away",
      { Entrypoint: ["/entry"], Cmd: null },
      image,
      { Entrypoint: ["/entry"] },
    ],
    ["takes an empty command for none", { Entrypoint: ["/entry"], Cmd: [] }, image, { Entrypoint: ["/entry"] }],
    [
      "keeps another entrypoint without a command",
      { Entrypoint: ["/mine"], Cmd: null },
      image,
      { Entrypoint: ["/mine"] },
    ],
    [
      "keeps another entrypoint with a command",
      { Entrypoint: ["/mine"], Cmd: ["a"] },
      image,
      { Entrypoint: ["/mine"], Cmd: ["a"] },
    ],
    [
      "keeps a command that equals the image's beside another entrypoint",
      { Entrypoint: ["/mine"], Cmd: ["serve"] },
      image,
      { Entrypoint: ["/mine"], Cmd: ["serve"] },
    ],
    [
      "keeps the image's entrypoint cleared",
      { Entrypoint: null, Cmd: ["/bin/x"] },
      image,
      { Entrypoint: [""], Cmd: ["/bin/x"] },
    ],
    [
      "keeps it cleared when the command equals the image's",
      { Entrypoint: null, Cmd: ["serve"] },
      image,
      { Entrypoint: [""], Cmd: ["serve"] },
    ],
    [
      "tells an empty list from a cleared entrypoint",
      { Entrypoint: [], Cmd: ["a"] },
      image,
      { Entrypoint: [], Cmd: ["a"] },
    ],
    [
      "leaves the command to the image beside an empty list",
      { Entrypoint: [], Cmd: ["serve"] },
      image,
      { Entrypoint: [] },
    ],
    ["knows images without an entrypoint", { Entrypoint: null, Cmd: ["serve"] }, bare, {}],
    ["takes null and an empty list for the same image", { Entrypoint: [], Cmd: ["serve"] }, bare, {}],
    ["keeps arguments to images without an entrypoint", { Entrypoint: null, Cmd: ["x"] }, bare, { Cmd: ["x"] }],
    ["keeps an entrypoint that the image lacks", { Entrypoint: ["/mine"], Cmd: null }, bare, { Entrypoint: ["/mine"] }],
    ["sends nothing where neither is there", {}, {}, {}],
  ])("%s", (_promise, own, of, expected) => {
    expect(commandFor(own, of)).toEqual(expected);
  });

  it.each([
    [
      { Entrypoint: ["/entry"], Cmd: ["serve"] },
      { Entrypoint: ["/entry"], Cmd: ["serve"] },
    ],
    [{ Entrypoint: ["/entry"], Cmd: null }, { Entrypoint: ["/entry"] }],
    [
      { Entrypoint: null, Cmd: ["serve"] },
      { Entrypoint: [""], Cmd: ["serve"] },
    ],
    [
      { Entrypoint: [], Cmd: ["serve"] },
      { Entrypoint: [], Cmd: ["serve"] },
    ],
  ])("keeps %j as it is where nothing is known of the image", (own, expected) => {
    expect(commandFor(own, undefined)).toEqual(expected);
  });
});
