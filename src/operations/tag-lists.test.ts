import { describe, expect, it } from "vitest";
import { type ImageReference, parseImageReference } from "../core/image-reference.ts";
import { GangwayError } from "../lib/errors.ts";
import { createTagLists } from "./tag-lists.ts";

function referenceTo(image: string): ImageReference {
  const reference = parseImageReference(image);
  if (reference.kind !== "reference") throw new Error(`${image} is no reference`);
  return reference;
}

/** Lists over a registry that answers with the number of the question. */
function lists(answer: (question: number, signal: AbortSignal) => Promise<readonly string[]>) {
  let questions = 0;
  let now = 0;
  const registry = {
    tagsOf: (_: ImageReference, signal: AbortSignal) => {
      questions += 1;
      return answer(questions, signal);
    },
  };
  return {
    ...createTagLists({ registry, clock: { now: () => now } }),
    questions: () => questions,
    advance: (hours: number) => {
      now += hours * 3_600_000;
    },
  };
}

const { signal } = new AbortController();
const numbered = (question: number): Promise<readonly string[]> => Promise.resolve([String(question)]);

describe("createTagLists", () => {
  it("asks once for all tags of a repository, and again some hours later", async () => {
    const { tagsOf, advance, questions } = lists(numbered);

    const both = [tagsOf(referenceTo("nginx:1"), signal), tagsOf(referenceTo("docker.io/library/nginx:2"), signal)];
    expect(await Promise.all(both)).toEqual([["1"], ["1"]]);
    advance(5);
    expect(await tagsOf(referenceTo("nginx"), signal)).toEqual(["1"]);
    advance(1);
    expect(await tagsOf(referenceTo("nginx"), signal)).toEqual(["2"]);
    expect(await tagsOf(referenceTo("ghcr.io/nginx"), signal)).toEqual(["3"]);
    expect(questions()).toBe(3);
  });

  it("asks again where the clock was set back", async () => {
    const { tagsOf, advance } = lists(numbered);
    await tagsOf(referenceTo("nginx"), signal);
    advance(-1);

    expect(await tagsOf(referenceTo("nginx"), signal)).toEqual(["2"]);
  });

  it("does not remember a failure, which all get that asked at the same time", async () => {
    const { tagsOf, questions } = lists((question) =>
      question === 1 ? Promise.reject(new GangwayError("registry_failed", "no")) : numbered(question),
    );

    const both = [tagsOf(referenceTo("nginx"), signal), tagsOf(referenceTo("nginx"), signal)];
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(questions()).toBe(1);
    expect(await tagsOf(referenceTo("nginx"), signal)).toEqual(["2"]);
  });

  it("asks again for one that waited for another's question which was called off", async () => {
    const called = new AbortController();
    const { tagsOf } = lists((question, asking) =>
      question > 1
        ? numbered(question)
        : new Promise((_, reject) => {
            asking.addEventListener("abort", () => reject(new GangwayError("aborted", "called off")));
          }),
    );
    const first = tagsOf(referenceTo("nginx"), called.signal);
    const second = tagsOf(referenceTo("nginx"), signal);
    called.abort();

    await expect(first).rejects.toMatchObject({ code: "aborted" });
    expect(await second).toEqual(["2"]);
  });
});
