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
