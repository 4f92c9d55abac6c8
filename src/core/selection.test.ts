import { describe, expect, it } from "vitest";
import { isSelected, type Selection } from "./selection.ts";

const all: Selection = { include: [], exclude: [] };

describe("isSelected", () => {
  it.each([
    ["everything by default", "web", {}, all, true],
    ["what is included by its exact name", "web", {}, { ...all, include: ["web"] }, true],
    ["nothing else then", "web2", {}, { ...all, include: ["web"] }, false],
    ["what a glob includes", "web2", {}, { ...all, include: ["web*"] }, true],
    ["what is not excluded", "nginx-proxy", {}, { ...all, exclude: ["nginx"] }, true],
    ["nothing that is excluded, though included", "web", {}, { include: ["web"], exclude: ["w*"] }, false],
    [
      "what its label turns on, though excluded",
      "web",
      { "gangway.enable": "true" },
      { ...all, exclude: ["web"] },
      true,
    ],
    ["nothing that its label turns off", "web", { "gangway.enable": "false" }, { ...all, include: ["web"] }, false],
    ["nothing that another tool's label turns off", "web", { "wud.watch": "false" }, all, false],
    [
      "what our own label turns on, whatever others say",
      "web",
      { "gangway.enable": "yes", "com.centurylinklabs.watchtower.enable": "false" },
      all,
      true,
    ],
    ["no new container of an update", "web.gw-new-0a1b2c3d", { "gangway.enable": "true" }, all, false],
    ["no old container of an update", "web.gw-old-0a1b2c3d", {}, all, false],
    ["no container that compose is replacing", "3d4c5b6a7f8e_web", {}, all, false],
    ["a name that only looks alike", "web.gw-new", {}, all, true],
  ] as const)("watches %s", (_, name, labels, selection, expected) => {
    expect(isSelected(name, labels, selection)).toBe(expected);
  });
});
