import { describe, expect, it } from "vitest";
import { labelsFrom } from "./labels.ts";

const watchtower = "com.centurylinklabs.watchtower.monitor-only";
const imageWatch = "image-watch.auto-update";

describe("the labels about updates", () => {
  it.each([
    ["our own", { "gangway.update": "auto" }, "auto", "gangway.update=auto"],
    ["our own, in any case", { "gangway.update": " Manual " }, "manual", "gangway.update=manual"],
    ["our own", { "gangway.update": "off" }, "off", "gangway.update=off"],
    ["our own, after YAML 1.1", { "gangway.update": "false" }, "off", "gangway.update=false"],
    ["image-watch's", { [imageWatch]: "true" }, "auto", `${imageWatch}=true`],
    ["image-watch's", { [imageWatch]: "0" }, "manual", `${imageWatch}=0`],
    ["watchtower's", { [watchtower]: "true" }, "manual", `${watchtower}=true`],
    ["our own above all", { "gangway.update": "manual", [imageWatch]: "true" }, "manual", "gangway.update=manual"],
    [
      "the next where ours makes no sense",
      { "gangway.update": "yes", [imageWatch]: "true" },
      "auto",
      `${imageWatch}=true`,
    ],
  ])("say what %s says: %j", (_, labels, word, label) => {
    expect(labelsFrom(labels).updates).toEqual({ word, label });
  });

  it.each([{}, { "gangway.update": "sometimes" }, { "gangway.update": "" }, { [watchtower]: "false" }])(
    "say nothing: %j",
    (labels) => {
      expect(labelsFrom(labels)).not.toHaveProperty("updates");
    },
  );
});

describe("the labels about tags", () => {
  it.each([
    ["our own", { "gangway.tags.regex": "^1\\." }, { text: "^1\\.", label: "gangway.tags.regex" }],
    ["WUD's", { "wud.tag.include": "^2\\." }, { text: "^2\\.", label: "wud.tag.include" }],
    [
      "our own first",
      { "wud.tag.include": "^2\\.", "gangway.tags.regex": "^1\\." },
      { text: "^1\\.", label: "gangway.tags.regex" },
    ],
    ["nothing that is empty", { "gangway.tags.regex": "", "wud.tag.include": "" }, undefined],
  ])("give %s", (_, labels, expected) => {
    expect(labelsFrom(labels).tagRegex).toEqual(expected);
  });

  it("give the base tag", () => {
    expect(labelsFrom({ "gangway.tags.base": " stable " }).baseTag).toBe("stable");
    expect(labelsFrom({ "gangway.tags.base": " " })).not.toHaveProperty("baseTag");
  });
});
