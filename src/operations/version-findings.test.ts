import { describe, expect, it } from "vitest";
import type { ImageReference } from "../core/image-reference.ts";
import type { CheckRecord, Finding } from "../core/update-status.ts";
import { GangwayError } from "../lib/errors.ts";
import type { TagAnswer } from "./answers.ts";
import { createVersionSources, type TrackedSubject, versionFindingFor } from "./version-findings.ts";

type Fault = "gone" | "failed";
/** What each tag stands for: a letter for a digest; a tag that is not here is gone. */
type Tags = Readonly<Record<string, string>>;

interface Setting {
  /** The container's tag, and the letter of its image's digest. */
  readonly own: string;
  readonly runs: string;
  readonly tags: Tags;
  /** What the list of tags has, where that is not what there is. */
  readonly listed?: readonly string[] | Fault;
  /** Tags that cannot be asked about. */
  readonly failing?: readonly string[];
  readonly regex?: string;
  readonly baseTag?: string;
  readonly before?: Partial<CheckRecord>;
}

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const faults = {
  gone: new GangwayError("registry_not_found", "has no list"),
  failed: new GangwayError("registry_failed", "HTTP 500"),
};

/** A repository at a registry, a container of it, and the requests that were made. */
function repository({ own, runs, tags, listed, failing = [], regex, baseTag, before }: Setting) {
  const asked: string[] = [];
  const digestOf = ({ tag = "" }: ImageReference): Promise<TagAnswer> => {
    asked.push(tag);
    if (failing.includes(tag)) return Promise.resolve({ kind: "error", reason: `${tag} failed`, isAbsent: false });
    const letter = tags[tag];
    return Promise.resolve(
      letter === undefined
        ? { kind: "error", reason: `${tag} is gone`, isAbsent: true }
        : { kind: "digest", digest: digest(letter) },
    );
  };
  const findingFor = async ({ reference }: { readonly reference: ImageReference }): Promise<Finding> => {
    const answer = await digestOf(reference);
    if (answer.kind === "error") return { status: "registry_error", reason: answer.reason };
    const status = answer.digest === digest(runs) ? "up_to_date" : "update_available";
    return { status, reason: "by digest", installedDigest: digest(runs), latestDigest: answer.digest };
  };
  const registry = {
    tagsOf: () => {
      asked.push("list");
      return typeof listed === "string" ? Promise.reject(faults[listed]) : Promise.resolve(listed ?? Object.keys(tags));
    },
  };
  const reference: ImageReference = { kind: "reference", registry: "docker.io", repository: "library/app", tag: own };
  const subject = {
    question: { kind: "ask", reference, local: { id: "image", repoDigests: [] }, isPulled: true },
    tracking: {
      regex: regex ?? "^[0-9]+\\.[0-9]+\\.[0-9]+$",
      source: "the label gangway.tags.regex",
      ...(baseTag === undefined ? {} : { baseTag }),
    },
    before: before as CheckRecord | undefined,
    wasCertain: false,
  } satisfies TrackedSubject;
  const sources = createVersionSources({ registry, clock: { now: () => 0 } }, { images: [] });
  const { signal } = new AbortController();
  return {
    asked: () => asked.splice(0).join(" "),
    find: (more: Partial<TrackedSubject> = {}) =>
      versionFindingFor({ ...sources, answers: { digestOf, findingFor } as never }, { ...subject, ...more }, signal),
  };
}

describe("a container on a version of its own", () => {
  const tags = { "1.0.0": "a", "1.1.0": "b", "1.10.0": "c", "2.0.0-rc1": "d", latest: "c", "1.10.0-alpine": "e" };

  it("is offered the newest one like it, under its own tag", async () => {
    const { find, asked } = repository({ own: "1.0.0", runs: "a", tags });

    expect(await find()).toEqual({
      status: "update_available",
      reason: "app:1.10.0 is newer than the container's 1.0.0.",
      installedDigest: digest("a"),
      latestDigest: digest("c"),
      installedVersion: "1.0.0",
      latestVersion: "1.10.0",
      targetTag: "1.10.0",
    });
    expect(asked()).toBe("list 1.10.0 1.10.0");
  });

  it("is checked by digest alone when it is the newest: it may have been built anew", async () => {
    const same = repository({ own: "1.10.0", runs: "c", tags });
    expect(await same.find()).toMatchObject({ status: "up_to_date", installedVersion: "1.10.0" });
    expect(same.asked()).toBe("list 1.10.0");
    await same.find();
    expect(same.asked()).toBe("1.10.0");

    const rebuilt = await repository({ own: "1.10.0", runs: "z", tags }).find();
    expect(rebuilt).toMatchObject({ status: "update_available", latestVersion: "1.10.0", latestDigest: digest("c") });
    expect(rebuilt).not.toHaveProperty("targetTag");
  });

  it("is offered the next one where the newest was taken back since the list was read", async () => {
    const { find } = repository({
      own: "1.0.0",
      runs: "a",
      tags: { "1.0.0": "a", "1.1.0": "b" },
      listed: ["1.1.0", "1.2.0"],
    });

    expect(await find()).toMatchObject({ status: "update_available", targetTag: "1.1.0" });
  });

  it.each([
    ["the list is away", { listed: "failed" }, "HTTP 500"],
    ["there is no list", { listed: "gone" }, "has no list"],
    ["the newest cannot be asked about", { failing: ["1.10.0"] }, "1.10.0 failed"],
    ["the base tag cannot be asked about", { baseTag: "latest", failing: ["latest"] }, "latest failed"],
    ["the base tag is gone", { baseTag: "stable" }, "stable is gone"],
    [
      "a candidate of the base tag's cannot be asked about",
      { baseTag: "latest", failing: ["1.10.0"] },
      "1.10.0 failed",
    ],
  ] as const)("is not told anything while %s", async (_, fault, reason) => {
    const { find } = repository({ own: "1.0.0", runs: "a", tags, ...fault });

    expect(await find()).toEqual({ status: "registry_error", reason });
  });

  it("is not offered another name of the image that it runs", async () => {
    const { find } = repository({ own: "1.0.0", runs: "a", tags: { "1.0.0": "a", "1.0.1": "a" } });

    expect(await find()).toMatchObject({ status: "up_to_date", latestVersion: "1.0.0" });
  });

  it.each([
    ["a pattern that is refused", { regex: "^(?!x)" }, "lookaheads and lookbehinds are not supported"],
    ["a base tag that is none", { baseTag: "not a tag" }, "which is no tag"],
  ])("is told of %s, and nothing is asked", async (_, fault, reason) => {
    const { find, asked } = repository({ own: "1.0.0", runs: "a", tags, ...fault });

    expect(await find()).toEqual({ status: "unknown_image", reason: expect.stringContaining(reason) });
    expect(asked()).toBe("");
  });
});

describe("a container with a base tag", () => {
  const tags = { "1.0.0": "a", "1.1.0": "b", "1.2.0": "c", latest: "b" };

  it("is offered the version that the base tag stands for, and none beyond", async () => {
    const { find, asked } = repository({ own: "1.0.0", runs: "a", tags, baseTag: "latest" });

    expect(await find()).toMatchObject({ status: "update_available", targetTag: "1.1.0", latestDigest: digest("b") });
    expect(asked()).toBe("list latest 1.2.0 1.1.0 1.1.0 1.1.0");
    await find();
    expect(asked()).toBe("latest 1.1.0 1.1.0");
  });

  it("is checked by digest where the base tag stands for its own version", async () => {
    const { find } = repository({ own: "1.1.0", runs: "b", tags, baseTag: "latest" });

    expect(await find()).toMatchObject({ status: "up_to_date", reason: "by digest", latestVersion: "1.1.0" });
  });

  it("is never offered an older one", async () => {
    const { find } = repository({ own: "1.2.0", runs: "c", tags, baseTag: "latest" });
    const found = await find();

    expect(found).toMatchObject({
      status: "up_to_date",
      reason: "latest still is 1.1.0, older than the container's 1.2.0: no way back is offered.",
    });
    expect(found).not.toHaveProperty("targetTag");
  });

  it("is told nothing while the base tag stands for no version: a release is under way", async () => {
    const { find, asked } = repository({ own: "1.0.0", runs: "a", tags: { ...tags, latest: "z" }, baseTag: "latest" });

    expect(await find()).toMatchObject({ status: "registry_error", reason: expect.stringContaining("release") });
    expect(asked()).toBe("list latest 1.2.0 1.1.0 1.0.0");
    await find();
    expect(asked()).toBe("latest");
  });
});

describe("a container on a tag that moves", () => {
  const tags = { latest: "b", "1.1.0": "b", "1.0.0": "a", "2.0.0": "c" };

  it("is checked by digest, and told the version's name, which is asked for once", async () => {
    const { find, asked } = repository({ own: "latest", runs: "a", tags });

    expect(await find()).toEqual({
      status: "update_available",
      reason: "by digest",
      installedDigest: digest("a"),
      latestDigest: digest("b"),
      latestVersion: "1.1.0",
    });
    expect(asked()).toBe("latest list 2.0.0 1.1.0");
    await find();
    expect(asked()).toBe("latest");
  });

  it("keeps the names that earlier checks have found, and asks for nothing else", async () => {
    const before = {
      installedDigest: digest("a"),
      installedVersion: "1.0.0",
      latestDigest: digest("b"),
      latestVersion: "1.1.0",
    };
    const { find, asked } = repository({ own: "latest", runs: "a", tags, before });

    expect(await find()).toMatchObject({ latestVersion: "1.1.0", installedVersion: "1.0.0" });
    expect(asked()).toBe("latest");
  });

  it("is told the name of its own version where it is up to date", async () => {
    expect(await repository({ own: "latest", runs: "b", tags }).find()).toMatchObject({
      status: "up_to_date",
      installedVersion: "1.1.0",
      latestVersion: "1.1.0",
    });
  });

  it.each([
    ["is part of a version", { own: "1", tags: { "1": "b", "1.1.0": "b", "2.0.0": "c" } }, "1.1.0", "list 1 1.1.0"],
    ["does not match", { own: "0.9", tags: { "0.9": "b", "1.1.0": "b" } }, "1.1.0", "0.9 list 1.1.0"],
  ])("counts as such where it %s", async (_, setting, name, requests) => {
    const { find, asked } = repository({ runs: "a", regex: "^[1-9]", ...setting });
    const found = await find();

    expect(found).toMatchObject({ status: "update_available", latestVersion: name });
    expect(found).not.toHaveProperty("targetTag");
    expect(asked()).toBe(requests);
  });

  it.each([
    ["none of the versions has its digest", { tags: { ...tags, latest: "z" } }],
    ["the list is away", { listed: "failed" }],
    ["a candidate cannot be asked about", { failing: ["2.0.0"] }],
  ] as const)("has a status, and no name, where %s", async (_, setting) => {
    const found = await repository({ own: "latest", runs: "a", tags, ...setting }).find();

    expect(found.status).toBe("update_available");
    expect(found).not.toHaveProperty("latestVersion");
  });

  it("is asked about ten versions at most, and about later ones when they come", async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, patch) => [`1.0.${patch}`, "x"]));
    const { find, asked } = repository({ own: "latest", runs: "a", tags: { ...many, latest: "b" } });

    await find();
    expect(asked().split(" ")).toHaveLength(12);
    await find();
    expect(asked()).toBe("latest");
  });
});
