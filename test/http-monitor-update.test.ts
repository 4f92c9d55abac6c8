import { afterEach, describe, expect, it } from "vitest";
import type { Command, Outcome } from "../src/core/operation.ts";
import { containerOf, type DataNode, digests, type HttpBed, type HttpBedOptions, openHttpBed } from "./http-bed.ts";

let bed: HttpBed;
const open = async (more: HttpBedOptions = {}): Promise<DataNode> => {
  bed = await openHttpBed({ http: "{ enabled: true, auth: false }", ...more });
  const [node] = bed.nodes;
  if (node === undefined) throw new Error("there is no node");
  return node;
};
afterEach(() => bed?.[Symbol.asyncDispose]());

const update = (body: unknown) => bed.post("/update_container", body);

describe("/update_container", () => {
  it.each<[Outcome, number, string]>([
    [
      { state: "updated", message: "It is new." },
      ...([200, '{"message":"container recreated with latest image","updated":true}'] as const),
    ],
    [
      { state: "unchanged", message: "It is the newest." },
      ...([200, '{"message":"already up to date","updated":false}'] as const),
    ],
    [{ state: "failed", message: "No tag.", code: "engine_not_found" }, 404, '{"error":"image not found to pull"}'],
    [{ state: "failed", message: "It broke.", code: "engine_failed" }, 500, '{"error":"docker api error: It broke."}'],
    [{ state: "failed", message: "No disk.", code: "file_failed" }, 500, '{"error":"No disk."}'],
    [{ state: "rolled_back", message: "It fell ill.", code: "candidate_failed" }, 500, '{"error":"It fell ill."}'],
    [{ state: "rejected", message: "Not now." }, 409, '{"error":"update_rejected","message":"Not now."}'],
    [{ state: "cancelled", message: "Stopped." }, 409, '{"error":"update_cancelled","message":"Stopped."}'],
    [
      { state: "unchanged", message: "It would.", plan: { ...{ container: "web", from: "1", to: "2" }, ...nothing() } },
      ...([200, '{"message":"dry run: nothing was changed","updated":false}'] as const),
    ],
    // A helper container carries on.
    [{ state: "unchanged", message: "Later.", handedOver: true }, 202, '{"message":"update in progress"}'],
  ])("tells %j", async (outcome, status, text) => {
    const node = await open();
    const commands: Command[] = [];
    node.act = (command) => {
      commands.push(command);
      return Promise.resolve(outcome);
    };
    const answer = await update({ name: "web" });

    expect([answer.status, answer.text]).toEqual([status, `${text}\n`]);
    expect(commands).toEqual([{ kind: "update", container: "web" }]);
  });

  it.each([
    ["nothing", undefined, {}],
    ["an empty object", "{}", { "content-type": "application/json" }],
    ["an empty name", '{"name":""}', { "content-type": "application/json" }],
    ["a name that is none", '{"name":7}', { "content-type": "application/json" }],
    ["what is no JSON", '{"name":', { "content-type": "application/json" }],
    ["a list", '["web"]', { "content-type": "application/json" }],
    ["JSON that does not say so", '{"name":"web"}', { "content-type": "text/plain" }],
    ["JSON of no type at all", '{"name":"web"}', {}],
  ])("wants a name: %s", async (_, body, headers) => {
    await open();
    const answer = await bed.post("/update_container", undefined, { headers, ...(body === undefined ? {} : { body }) });

    expect([answer.status, answer.text]).toEqual([400, `{"error":"Missing 'name'"}\n`]);
  });

  it("takes the beginning of an id, and JSON by any of its names", async () => {
    await open();
    const body = JSON.stringify({ name: "db" });
    const headers = { "content-type": "application/vnd.x+json; charset=utf-8" };

    expect((await bed.get("/update_container", { method: "POST", body, headers })).status).toBe(200);
  });

  it("changes nothing that it does not know, cannot name, or is itself", async () => {
    const node = await open({ ownContainerId: "5e1f".padEnd(64, "0") });
    const commands: Command[] = [];
    node.act = (command) => {
      commands.push(command);
      return Promise.resolve({ state: "updated", message: "" });
    };
    node.inventory.putContainer(containerOf("byid", { image: digests.old }));
    node.inventory.putContainer(containerOf("gangway", { id: "5e1f".padEnd(64, "0") }));
    const answers = await Promise.all(["nope", "byid", "gangway", "5e1f"].map((name) => update({ name })));

    expect(answers.map(({ status, text }) => [status, text.slice(0, 56)])).toEqual([
      [404, '{"error":"container not found"}\n'],
      [400, '{"error":"cannot determine image reference for update"}\n'.slice(0, 56)],
      [409, '{"error":"self_update_blocked","message":"Gangway does n'],
      [409, '{"error":"self_update_blocked","message":"Gangway does n'],
    ]);
    expect(commands).toEqual([]);
  });

  it("waits for the one update that another has asked for too", async () => {
    const node = await open();
    let updates = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    node.act = async () => {
      updates += 1;
      await promise;
      return { state: "updated", message: "" };
    };
    let asked = 0;
    const { submit } = node.operations;
    Object.assign(node.operations, {
      submit: (...order: Parameters<typeof submit>) => {
        asked += 1;
        return submit(...order);
      },
    });
    const both = [update({ name: "web" }), update({ name: "web" })];
    await expect.poll(() => asked).toBe(2);
    resolve();

    expect((await Promise.all(both)).map(({ json }) => json?.["updated"])).toEqual([true, true]);
    expect(updates).toBe(1);
  });

  it("takes a key that may send commands", async () => {
    const keys = "[{ name: look, key: key-to-look }, { name: act, key: key-to-act, scopes: [control] }]";
    await open({ http: `{ enabled: true, keys: ${keys} }` });
    const as = (key: string) => bed.post(`/update_container?key=${key}`, { name: "web" });

    expect((await as("key-to-look")).text).toBe('{"error":"scope_missing"}\n');
    expect((await as("")).text).toBe('{"error":"unauthorized"}\n');
    expect((await as("key-to-act")).status).toBe(200);
  });
});

function nothing() {
  return { members: [], restarts: [], warnings: [] };
}

describe("/images/unused", () => {
  it("counts the images without a tag, of all engines", async () => {
    await open({ nodes: ["nas", "pi"] });
    const item = { id: digests.new, tags: [] };

    expect((await bed.get("/images/unused")).text).toBe(`${JSON.stringify({ count: 2, items: [item, item] })}\n`);
  });

  it("counts none where an engine does not answer", async () => {
    const node = await open();
    node.images = () => Promise.reject(new Error("gone"));
    const { status, text } = await bed.get("/images/unused");

    expect([status, text]).toEqual([200, '{"count":0,"items":[]}\n']);
  });
});

describe("/images/prune", () => {
  const pruned = (id: string, reclaimedBytes: number | null): Outcome => ({
    ...{ state: "done", message: "removed 1 image" },
    prune: {
      ...{ what: "images", preview: false, reclaimedBytes, kept: [] },
      removed: [{ id, name: id, bytes: null, verdict: "remove", reason: "it has no tag" }],
    },
  });

  it("removes images without a tag on all engines, and answers as Docker does", async () => {
    await open({ nodes: ["nas", "pi"] });
    const commands: Command[] = [];
    for (const [index, node] of bed.nodes.entries()) {
      node.act = (command) => {
        commands.push(command);
        return Promise.resolve(pruned(`sha256:${index}`, index === 0 ? 100 : null));
      };
    }
    const answer = await bed.post("/images/prune");

    expect([answer.status, answer.text]).toEqual([
      ...[200, '{"ImagesDeleted":[{"Deleted":"sha256:0"},{"Deleted":"sha256:1"}],"SpaceReclaimed":100}\n'],
    ]);
    expect(commands).toEqual(Array.from({ length: 2 }, () => ({ kind: "prune", what: "images" })));
  });

  it.each<[Outcome, number, string]>([
    [{ state: "unchanged", message: "nothing" }, 200, '{"ImagesDeleted":null,"SpaceReclaimed":0}'],
    [{ state: "failed", message: "It broke." }, 500, '{"error":"It broke."}'],
    [{ state: "rejected", message: "Not now." }, 409, '{"error":"prune_rejected","message":"Not now."}'],
    [{ state: "cancelled", message: "Stopped." }, 409, '{"error":"prune_cancelled","message":"Stopped."}'],
  ])("tells %j", async (outcome, status, text) => {
    const node = await open();
    node.act = () => Promise.resolve(outcome);
    const answer = await bed.post("/images/prune");

    expect([answer.status, answer.text]).toEqual([status, `${text}\n`]);
  });
});
