import { describe, expect, it } from "vitest";
import type { ImageSummary } from "./engine-answers.ts";
import { type ImageReference, parseImageReference } from "./image-reference.ts";
import {
  type CleanupSettings,
  imagesToRemove,
  keptAfterUpdate,
  previousTagsToRemove,
  type ReleasedSubject,
  type RetentionSubject,
  versionTagsToRemove,
} from "./retention.ts";

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe("keptAfterUpdate", () => {
  const off: CleanupSettings = { oldImages: false, keep: 2, images: [] };
  const on: CleanupSettings = { ...off, oldImages: true };

  it.each<[string, CleanupSettings, number | undefined]>([
    ["all by default", off, undefined],
    ["what is set", on, 2],
    ["all of an image that is left out", { ...on, images: [{ image: "nginx", cleanup: false }] }, undefined],
    ["what is set, of an image that is named", { ...off, images: [{ image: "nginx", cleanup: true }] }, 2],
    ["all where only other images are named", { ...off, images: [{ image: "redis", cleanup: true }] }, undefined],
    ["what is set where the image's setting says nothing of it", { ...on, images: [{ image: "nginx" }] }, 2],
  ])("is %s", (_, settings, expected) => {
    expect(keptAfterUpdate("nginx:1.27", settings)).toBe(expected);
  });
});

describe("imagesToRemove", () => {
  const reference = parseImageReference("nginx:1.27") as ImageReference;
  /** An image that updates have left behind; the digit says how new it is. */
  const left = (digit: number, more: Partial<ImageSummary> = {}): ImageSummary => ({
    id: digestOf(`${digit}`),
    tags: [],
    digests: [`nginx@${digestOf(`${digit}`)}`],
    createdMs: digit * 1_000,
    ...more,
  });
  const subject: RetentionSubject = {
    reference,
    oldImageId: digestOf("8"),
    others: 0,
    needed: new Set([digestOf("9")]),
  };
  const current = left(9, { tags: ["nginx:1.27"] });
  const removed = (images: readonly ImageSummary[], more: Partial<RetentionSubject> = {}): readonly string[] =>
    imagesToRemove([current, ...images], { ...subject, ...more }).map((id) => id.slice(-1));

  it.each<[string, readonly ImageSummary[], Partial<RetentionSubject>, readonly string[]]>([
    ["nothing where nothing is old", [], {}, []],
    ["nothing but what is older than the way back", [left(8), left(7), left(6)], {}, ["7", "6"]],
    ["the oldest, where more are to stay", [left(6), left(8), left(5), left(7)], { others: 2 }, ["5"]],
    ["nothing where fewer are there than are to stay", [left(8), left(7)], { others: 2 }, []],
    ["never the way back, even if it is the oldest", [left(3), left(7)], { oldImageId: digestOf("3") }, ["7"]],
    ["all but the way back, where fewer than none are to stay", [left(8), left(7)], { others: -1 }, ["7"]],
    ["nothing that is needed", [left(8), left(7), left(6)], { needed: new Set([digestOf("7")]) }, ["6"]],
    [
      "nothing that has a tag",
      [left(7, { tags: ["nginx:1.26"] }), left(6, { tags: ["gangway/keep:1a2b3c4d"] })],
      {},
      [],
    ],
    ["nothing of another repository", [left(7, { digests: [`redis@${digestOf("7")}`] })], {}, []],
    [
      "nothing that another repository has too",
      [left(7, { digests: [`nginx@${digestOf("7")}`, `ghcr.io/me/nginx@${digestOf("7")}`] })],
      {},
      [],
    ],
    ["nothing that was built here", [left(7, { digests: [] })], {}, []],
    [
      "what has several digests of this repository",
      [left(7, { digests: [`nginx@${digestOf("7")}`, `docker.io/library/nginx@${digestOf("6")}`] })],
      {},
      ["7"],
    ],
    [
      "the same where images do not say when they were built",
      [left(7, { createdMs: 0 }), left(5, { createdMs: 0 }), left(6, { createdMs: 0 })],
      { others: 1 },
      ["6", "7"],
    ],
  ])("removes %s", (_, images, more, expected) => {
    expect(removed(images, more)).toEqual(expected);
    expect(removed([...images].reverse(), more)).toEqual(expected);
  });
});

describe("versionTagsToRemove", () => {
  const parse = (text: string): ImageReference => parseImageReference(text) as ImageReference;
  const kept = "gangway/keep/web:20260101-000000";
  const old = (...tags: readonly string[]): ImageSummary => ({
    id: digestOf("1"),
    tags,
    digests: [`nginx@${digestOf("1")}`],
    createdMs: 1_000,
  });
  const subject: ReleasedSubject = {
    reference: parse("nginx:1.27.3"),
    oldImageId: digestOf("8"),
    needed: new Set(),
    released: [parse(kept)],
  };

  it.each<[string, ImageSummary, Partial<ReleasedSubject>, readonly string[]]>([
    ["that of a version that the container ran", old("nginx:1.26.0", kept), {}, ["1.26.0"]],
    ["that of a later one that it was rolled back from", old("nginx:1.28.0", kept), {}, ["1.28.0"]],
    ["none that is not known to have run", old("nginx:1.26.0"), {}, []],
    ["none of an image that stays for the way back", old("nginx:1.26.0", kept), { released: [] }, []],
    ["none of the image that was just replaced", old("nginx:1.26.0", kept), { oldImageId: digestOf("1") }, []],
    ["none of an image that is needed", old("nginx:1.26.0", kept), { needed: new Set([digestOf("1")]) }, []],
    ["none that another container can be rolled back to", old("nginx:1.26.0", kept, "gangway/keep/db:1"), {}, []],
    ["none that somebody has tagged otherwise", old("nginx:1.26.0", "mine:1", kept), {}, []],
    ["none with a second name in the repository", old("nginx:1.26.0", "nginx:latest", kept), {}, []],
    ["none of another kind", old("nginx:1.26.0-alpine", kept), {}, []],
    ["none that is no version", old("nginx:stable", kept), {}, []],
    ["none of another repository", old("redis:1.26.0", kept), {}, []],
    ["none where the container's own tag is no version", old("nginx:1.26.0", kept), { reference: parse("nginx") }, []],
    ["none of its own tag", old("nginx:1.27.3", kept), {}, []],
    ["none of what was built here", { ...old("nginx:1.26.0", kept), digests: [] }, {}, []],
    [
      "none of what another registry has too",
      { ...old("nginx:1.26.0", kept), digests: [`nginx@${digestOf("1")}`, `ghcr.io/me/nginx@${digestOf("1")}`] },
      {},
      [],
    ],
  ])("takes %s", (_, image, more, expected) => {
    expect(versionTagsToRemove([image], { ...subject, ...more }).map(({ tag }) => tag)).toEqual(expected);
  });
});

describe("previousTagsToRemove", () => {
  const tagOf = (time: string) => parseImageReference(`gangway/keep/web:${time}`) as ImageReference;
  const times = ["20260102-030000", "20251231-235959", "20260102-025959"];

  it.each([
    [0, ["20260102-025959", "20251231-235959"]],
    [1, ["20260102-025959", "20251231-235959"]],
    [2, ["20251231-235959"]],
    [3, []],
  ])("leaves the newest, where %i are to stay", (keep, expected) => {
    expect(previousTagsToRemove(times.map(tagOf), keep).map(({ tag }) => tag)).toEqual(expected);
  });
});
