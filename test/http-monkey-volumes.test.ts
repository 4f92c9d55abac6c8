import { afterEach, describe, expect, it } from "vitest";
import { type HttpBed, openHttpBed } from "./http-bed.ts";

const secret = { o: "username=ann,password=hidden", type: "cifs" };
const labels = { token: "hidden" };
let bed: HttpBed;
afterEach(() => bed[Symbol.asyncDispose]());

async function open(http: string): Promise<void> {
  bed = await openHttpBed({ http: `{ enabled: true, profile: monkey, ${http} }` });
  Object.assign(bed.nodes[0]?.engine ?? {}, {
    volumes: () => Promise.resolve([{ name: "share", labels }]),
    inspectVolume: (name: string) => Promise.resolve({ Name: name, Driver: "local", Labels: labels, Options: secret }),
  });
}

async function shown(key?: string): Promise<unknown> {
  const answer = await bed.get("/api/volumes", key === undefined ? {} : { headers: { "x-api-key": key } });
  return answer.json?.["volumes"];
}

describe("the options and labels of a volume, which can be passwords", () => {
  it("are for those whose key is good for secrets", async () => {
    await open("api_key: the-key, keys: [{ name: board, key: a-board, scopes: [read, control] }]");

    expect(await shown("the-key")).toMatchObject([{ name: "share", labels, options: secret }]);
    expect(await shown("a-board")).toEqual([
      expect.objectContaining({ name: "share", driver: "local", labels: {}, options: {} }),
    ]);
  });

  it("are for nobody where no key is asked for", async () => {
    await open("auth: false");

    expect(await shown()).toEqual([expect.objectContaining({ labels: {}, options: {} })]);
  });
});

describe("while an operation is under way", () => {
  it("what it may need is not deleted", async () => {
    await open("auth: false, monkey: { destructive: true }");
    const [node] = bed.nodes;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (node !== undefined) node.act = () => promise.then(() => ({ state: "done", message: "" }));
    const done = node?.operations.submit({ kind: "update", container: "web" }, "test").done;
    const remove = (path: string) => bed.get(`/api/${path}/delete`, { method: "DELETE" });
    const answers = [await remove("container/web"), await remove("volume/share")];
    resolve();
    await done;

    expect(answers.map(({ status, json }) => [status, json?.["error"]])).toEqual([
      [409, "web was left alone: an operation is under way"],
      [400, "share was left alone: an operation is under way"],
    ]);
    // The data of a test can be asked for anything, but removes nothing.
    expect((await remove("volume/share")).json?.["error"]).toBe("It is only data.");
  });
});
