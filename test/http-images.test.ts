import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DataNode, digests, type HttpBed, openHttpBed } from "./http-bed.ts";

const api = "/api/v1";
let bed: HttpBed;
beforeAll(async () => {
  bed = await openHttpBed({ nodes: ["nas", "pi"] });
});
afterAll(() => bed?.[Symbol.asyncDispose]());

function nas(): DataNode {
  const [node] = bed.nodes;
  if (node === undefined) throw new Error("there is no node");
  return node;
}

describe("images", () => {
  it("are listed with who runs them, watched or not", async () => {
    const before = nas().list;
    nas().list = async () => [
      ...(await before()),
      { id: "1", name: "left-alone", state: "exited", imageId: digests.new },
    ];
    const { json = {} } = await bed.get(`${api}/images?node=nas&dangling=true`);
    nas().list = before;

    expect(json["images"]).toMatchObject([{ used_by: ["left-alone"] }]);
  });

  it("are listed by what is asked for", async () => {
    const tags = async (query: string): Promise<unknown> => {
      const { json = {} } = await bed.get(`${api}/images?node=pi&${query}`);
      return (json["images"] as { tags: readonly string[]; used_by: readonly string[] }[]).map(
        ({ tags: t, used_by }) => [t.length, used_by],
      );
    };

    expect(await tags("")).toEqual([
      [1, ["db", "off", "web"]],
      [0, []],
    ]);
    expect(await tags("unused=true")).toEqual([[0, []]]);
    expect(await tags("dangling=false")).toEqual([[1, ["db", "off", "web"]]]);
  });

  it("cannot be told while the engine does not answer", async () => {
    const before = nas().images;
    nas().images = () => Promise.reject(new Error("connect ECONNREFUSED"));

    expect((await bed.get(`${api}/images?node=nas`)).json).toMatchObject({ status: 502, error: "engine_failed" });
    nas().images = before;
  });
});
