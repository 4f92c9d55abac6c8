import { describe, expect, it } from "vitest";
import {
  type AutoUpdateFacts,
  type AutoUpdateSettings,
  autoUpdateDecision,
  autoUpdatePolicy,
  isImage,
} from "./auto-update.ts";
import type { Container } from "./container.ts";
import type { Entry } from "./ports.ts";
import type { CheckRecord } from "./update-status.ts";

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const container: Container = {
  name: "web",
  id: "a".repeat(64),
  image: "nginx:1.27",
  imageId: digestOf("0"),
  repoDigests: [`nginx@${digestOf("1")}`],
  state: "running",
  health: "none",
  startedAt: null,
  finishedAt: null,
  restartCount: 0,
  exitCode: null,
  labels: {},
};
const check: CheckRecord = {
  status: "update_available",
  verdict: "update_available",
  reason: "nginx:1.27 now has another digest.",
  checkedAt: "2026-03-02T12:00:00Z",
  imageId: container.imageId,
  reference: container.image,
  installedDigest: digestOf("1"),
  latestDigest: digestOf("2"),
  latestSince: "2026-03-01T12:00:00Z",
};
const { latestSince: _, ...unsaid } = check;
const off: AutoUpdateSettings = { enabled: false, images: [] };
const on: AutoUpdateSettings = { enabled: true, images: [] };

describe("autoUpdatePolicy", () => {
  const labelled = (word: string) => ({ container: { ...container, labels: { "gangway.update": word } } });
  const nginx = (autoUpdate: boolean) => [{ image: "nginx", autoUpdate }];

  it.each<[string, Pick<Entry, "container" | "autoUpdate">, AutoUpdateSettings, object]>([
    ["off by default", { container }, off, { isOn: false }],
    ["on where the default is", { container }, on, { isOn: true }],
    ["what its image's setting says", { container }, { ...off, images: nginx(true) }, { isOn: true }],
    [
      "what its image's setting says, against the default",
      { container },
      { ...on, images: nginx(false) },
      { isOn: false },
    ],
    [
      "the default where no setting is about its image",
      { container },
      { ...off, images: [{ image: "redis", autoUpdate: true }] },
      { isOn: false },
    ],
    [
      "what the first setting of its image says that says something",
      { container },
      { ...off, images: [{ image: "nginx" }, ...nginx(true), { image: "nginx:1.27", autoUpdate: false }] },
      { isOn: true },
    ],
    ["what its switch says", { container, autoUpdate: true }, { ...off, images: nginx(false) }, { isOn: true }],
    [
      "what its switch says, off too",
      { container, autoUpdate: false },
      { ...on, images: nginx(true) },
      { isOn: false },
    ],
    [
      "what its label says, whatever else does",
      { ...labelled("auto"), autoUpdate: false },
      off,
      { isOn: true, label: "gangway.update=auto" },
    ],
    [
      "what its label says, manual",
      { ...labelled("manual"), autoUpdate: true },
      on,
      { isOn: false, label: "gangway.update=manual" },
    ],
    [
      "what its label says, off",
      { ...labelled("off"), autoUpdate: true },
      on,
      { isOn: false, label: "gangway.update=off" },
    ],
    ["its switch's where the label makes no sense", { ...labelled("maybe"), autoUpdate: true }, off, { isOn: true }],
  ])("is %s", (_, entry, settings, expected) => {
    expect(autoUpdatePolicy(entry, settings)).toEqual(expected);
  });
});

describe("isImage", () => {
  it.each([
    ["nginx", "nginx", true],
    ["nginx:1.27", "nginx", true],
    ["nginx:1.27", "nginx:1.27", true],
    ["nginx:1.27", "nginx:1.*", true],
    ["nginx", "nginx:latest", true],
    ["nginx:1.27", "docker.io/library/nginx", true],
    ["docker.io/library/nginx:1.27", "nginx", true],
    ["nginx:1.27", "docker.io/library/*", true],
    ["ghcr.io/team/app:1", "ghcr.io/team/*", true],
    ["ghcr.io/team/app:1", "ghcr.io/**", true],
    ["ghcr.io/team/app:1", "**", true],
    [`nginx@${digestOf("1")}`, "nginx", true],
    [digestOf("0"), digestOf("0"), true],
    ["nginx:1.27", "nginx:1.2", false],
    ["nginx:1.27", "redis", false],
    ["team/nginx:1.27", "nginx", false],
    ["nginx-extra", "nginx", false],
    ["ghcr.io/team/app:1", "*", false],
    ["ghcr.io/nginx", "nginx", false],
  ])("of %s for the pattern %s: %j", (image, pattern, expected) => {
    expect(isImage(image, pattern)).toBe(expected);
  });
});

describe("autoUpdateDecision", () => {
  const facts: AutoUpdateFacts = {
    policy: { isOn: true },
    now: Date.parse("2026-03-02T12:00:00Z"),
    cooldownMs: 0,
    leftBehind: [],
  };
  const hour = 3_600_000;
  const decide = (entry: Partial<Entry>, more: Partial<AutoUpdateFacts> = {}) =>
    autoUpdateDecision({ container, check, ...entry }, { ...facts, ...more });
  const tried = (count: number, rolledBack: boolean, digest = digestOf("2")) => ({
    check: { ...check, attempts: { digest, count, rolledBack } },
  });
  const due = { kind: "due", digest: digestOf("2") };

  it.each<[string, Partial<Entry>, Partial<AutoUpdateFacts>]>([
    ["an update that is there", {}, {}],
    ["one whose cooldown is over", {}, { cooldownMs: 24 * hour }],
    ["one that could not be installed once", tried(1, false), {}],
    ["a newer one than that which was rolled back", tried(1, true, digestOf("3")), {}],
    ["a newer one than that which failed twice", tried(2, false, digestOf("3")), {}],
    ["one of a container that was updated before", {}, { leftBehind: ["1.27 (333333333333)"] }],
    ["one of a paused container", { container: { ...container, state: "paused" } }, {}],
    ["one of a container that crashes again and again", { container: { ...container, state: "restarting" } }, {}],
  ])("installs %s", (_, entry, more) => {
    expect(decide(entry, more)).toEqual(due);
  });

  it.each<[string, Partial<Entry>, Partial<AutoUpdateFacts>, RegExp]>([
    ["in its cooldown", {}, { cooldownMs: 24 * hour + 1 }, /cooldown ends at 2026-03-02T12:00:00.001Z/],
    ["in its cooldown, by a record that does not say since when", { check: unsaid }, { cooldownMs: 1 }, /cooldown/],
    ["that was rolled back", tried(1, true), {}, /rolled back/],
    ["that failed twice", tried(2, false), {}, /could not be installed 2 times/],
    ["that the container came from", {}, { leftBehind: ["1.27 (222222222222)"] }, /going back/],
    ["that it came from, when it was called otherwise", {}, { leftBehind: ["1.27.3 (222222222222)"] }, /going back/],
    ["of a stopped container", { container: { ...container, state: "exited" } }, {}, /does not run/],
    ["of a container that never ran", { container: { ...container, state: "created" } }, {}, /does not run/],
    [
      "that the last check was not sure of",
      { check: { ...check, status: "registry_error", reason: "It is down." } },
      {},
      /not certain: It is down/,
    ],
    ["that runs already", { progress: { operation: "x", command: "update", phase: "pulling" } }, {}, /update.* runs/],
    [
      "while the container is being rolled back: it would be undone",
      { progress: { operation: "x", command: "rollback", phase: "verifying" } },
      {},
      /rollback.* runs/,
    ],
  ])("holds back one %s", (_, entry, more, reason) => {
    expect(decide(entry, more)).toEqual({ kind: "held_back", reason: expect.stringMatching(reason) });
  });

  it.each<[string, Partial<Entry>, Partial<AutoUpdateFacts>]>([
    ["a person is to install", {}, { policy: { isOn: false } }],
    ["the container has", { check: { ...check, status: "up_to_date", verdict: "up_to_date" } }, {}],
    ["was offered to another image", { container: { ...container, imageId: digestOf("9") } }, {}],
    ["was offered to another reference", { container: { ...container, image: "nginx:1.28" } }, {}],
    [
      "nobody can know of, as the container is pinned",
      {
        check: {
          status: "pinned",
          reason: "pinned",
          checkedAt: "",
          imageId: container.imageId,
          reference: container.image,
        },
      },
      {},
    ],
  ])("does nothing about what %s", (_, entry, more) => {
    expect(decide(entry, more)).toEqual({ kind: "none" });
  });

  it("does nothing before the first check", () => {
    expect(autoUpdateDecision({ container }, facts)).toEqual({ kind: "none" });
  });
});
