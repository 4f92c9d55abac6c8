import { describe, expect, it } from "vitest";
import type { ImageReference } from "../core/image-reference.ts";
import { GangwayError } from "../lib/errors.ts";
import type { Means } from "./answer.ts";
import { placeOf } from "./place.ts";
import { tagsAt } from "./tag-list.ts";

interface Page {
  readonly status?: number;
  readonly link?: string;
  readonly body?: string;
  readonly isWhole?: boolean;
}

const reference: ImageReference = {
  kind: "reference",
  registry: "registry.example",
  repository: "team/app",
  tag: "latest",
};

/** Asks for the tags of a registry that answers with these pages, one after the other; the last one from then on. */
async function tagsOf(...pages: readonly Page[]): Promise<{ tags: readonly string[]; paths: readonly string[] }> {
  const paths: string[] = [];
  const means: Means = {
    ask: ({ path, place }) => {
      const {
        status = 200,
        link = "",
        body = '{"tags":[]}',
        isWhole = true,
      } = pages[Math.min(paths.length, pages.length - 1)] ?? {};
      paths.push(path);
      expect(place.apiHost).toBe("registry.example");
      const header = (name: string): string => (name === "link" ? link : "");
      return Promise.resolve({ kind: "answer", answer: { status, header, body: Buffer.from(body), isWhole } });
    },
    rejections: { add: () => {}, has: () => false, withheld: () => {}, withheldFrom: () => undefined },
    limited: (_, host) => new GangwayError("registry_limited", `${host} limits`),
  };
  const place = placeOf(reference, { registries: [], isInsecure: () => false });
  const tags = await tagsAt(means, { place, reference, known: undefined }, new AbortController().signal);
  return { tags, paths };
}

const last: Page = { body: '{"name":"team/app","tags":["2.0"]}' };
const list = "/v2/team/app/tags/list";

describe("tagsAt", () => {
  it("asks for a thousand tags, once where that is all", async () => {
    const found = await tagsOf({ body: '{"name":"team/app","tags":["1.0","latest","1.0"]}' });

    expect(found).toEqual({ tags: ["1.0", "latest"], paths: [`${list}?n=1000`] });
  });

  it.each(['{"name":"team/app","tags":null}', '{"name":"team/app"}', '{"tags":[]}'])(
    "finds none in %s",
    async (body) => {
      expect((await tagsOf({ body })).tags).toEqual([]);
    },
  );

  it("leaves out what can be no tag", async () => {
    const body = JSON.stringify({ tags: ["1.0", "", "-x", "a b", "x".repeat(129), "1.0@sha256:1", "ok_1"] });

    expect((await tagsOf({ body })).tags).toEqual(["1.0", "ok_1"]);
  });

  it.each([
    // How a link is written, and where the list goes on.
    [`</v2/team/app/tags/list?last=1.0&n=1000>; rel="next"`, "last=1.0&n=1000"],
    ["</v2/team/app/tags/list?last=1.0&n=50>; rel=next", "last=1.0&n=50"],
    [`<https://registry.example/v2/team/app/tags/list?last=1.0&n=1000>; rel="next"`, "last=1.0&n=1000"],
    [`<?last=1.0>;rel="next"`, "last=1.0&n=1000"],
    // Quay has a cursor of its own.
    [`</v2/team/app/tags/list?n=100&next_page=gAAAA%3D%3D>; rel="next"`, "n=100&next_page=gAAAA%3D%3D"],
    // Artifactory loses the prefix of its repositories, a proxy its public name.
    [`</v2/app/tags/list?last=1.0&n=1000>; rel="next"`, "last=1.0&n=1000"],
    [`<http://10.0.0.7:5000/v2/team/app/tags/list?last=1.0&n=1000>; rel="next"`, "last=1.0&n=1000"],
    // Among others.
    [`</docs>; rel="help", </v2/x?last=1.0&n=7>; title="more"; rel="last next"`, "last=1.0&n=7"],
  ])("goes on where %s says, at the same host and path", async (link, query) => {
    const found = await tagsOf({ body: '{"tags":["1.0"]}', link }, last);

    expect(found).toEqual({ tags: ["1.0", "2.0"], paths: [`${list}?n=1000`, `${list}?${query}`] });
  });

  it.each(["", `</docs>; rel="help"`, `<http://[>; rel="next"`, `</v2/x?last=1>; rel="nextish"`, `</x?last=1>`])(
    "ends where the link is %j, however short the page",
    async (link) => {
      expect((await tagsOf({ body: '{"tags":["1.0"]}', link }, last)).tags).toEqual(["1.0"]);
    },
  );

  it("goes on behind a page that is short or empty", async () => {
    const link = (cursor: string): string => `<${list}?last=${cursor}>; rel="next"`;
    const found = await tagsOf({ link: link("a") }, { body: '{"tags":["1.0"]}', link: link("b") }, last);

    expect(found.tags).toEqual(["1.0", "2.0"]);
  });

  it.each([
    ["a missing repository", { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' }, "registry_not_found"],
    ["a limit", { status: 429 }, "registry_limited"],
    ["a fault of the registry's", { status: 500 }, "registry_failed"],
    ["a registry that lists nothing", { status: 405 }, "registry_answer_invalid"],
    ["a page for people", { body: "<html>" }, "registry_answer_invalid"],
    ["tags that are no texts", { body: '{"tags":[1]}' }, "registry_answer_invalid"],
    ["a page without end", { body: '{"tags":["1"', isWhole: false }, "registry_answer_invalid"],
    ["a list that leads round in circles", { link: `<${list}?last=1>; rel="next"` }, "registry_answer_invalid"],
    ["a cursor without end", { link: `<${list}?last=${"1".repeat(5_000)}>; rel="next"` }, "registry_answer_invalid"],
  ])("takes %s for an error, and not for the end of the list", async (_, page, code) => {
    await expect(tagsOf(page)).rejects.toMatchObject({ code });
    await expect(
      tagsOf({ body: '{"tags":["1.0"]}', link: `<${list}?last=0>; rel="next"` }, page),
    ).rejects.toMatchObject({ code });
  });

  it("sees at the second turn that it is led round in circles", async () => {
    await expect(tagsOf({ link: `<${list}?last=1>; rel="next"` })).rejects.toThrow("leads round in circles");
  });

  it("gives up on a list that has no end", async () => {
    const endless = Array.from({ length: 600 }, (_, page) => ({ link: `<${list}?last=${page}>; rel="next"` }));
    const huge = Array.from({ length: 60 }, (_, page) => ({
      body: JSON.stringify({ tags: Array.from({ length: 1_000 }, (__, tag) => `${page}.${tag}`) }),
      link: `<${list}?last=${page}>; rel="next"`,
    }));

    await expect(tagsOf(...endless)).rejects.toMatchObject({ code: "registry_answer_invalid" });
    await expect(tagsOf(...huge)).rejects.toThrow("does not come to an end");
  });
});
