import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openApiDocument } from "../src/http/api/openapi.ts";
import { backupFile, putBackup } from "./backup-plan.ts";
import { type HttpBed, openHttpBed } from "./http-bed.ts";
import { putNetworkFile } from "./network-data.ts";

const Parameter = z.object({ name: z.string(), in: z.enum(["path", "query"]), required: z.boolean() });
const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const Described = z.object({
  operationId: z.string(),
  summary: z.string().min(5),
  parameters: z.array(Parameter),
  requestBody: z.object({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional(), $ref: z.string().optional() })),
});
const Document = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

const document = Document.parse(openApiDocument("1.2.3"));
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
);

let bed: HttpBed;
beforeAll(async () => {
  bed = await openHttpBed();
  bed.nodes[0]?.inventory.setDisk({
    ...{ imageBytes: 900, reclaimableImageBytes: 300, volumeBytes: 50, reclaimableVolumeBytes: 30 },
    ...{ containerBytes: null, buildCacheBytes: 7 },
  });
  await bed.post("/api/v1/containers/web/check?wait=5", { id: "known" });
});
// One of the routes deletes it.
let networkFile = "";
beforeEach(async () => {
  await putBackup(join(bed.directory, "backups", "nas"));
  networkFile = await putNetworkFile(join(bed.directory, "backups", "nas"));
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/** What this test puts where a route wants something. */
const pathValues: Readonly<Record<string, string>> = { name: "web", id: "known", file: backupFile, network: "lan" };
const bodies: Readonly<Record<string, object>> = {
  container_auto_update: { on: true },
  all_auto_update: { on: false },
};
const statuses: Readonly<Record<string, number>> = { cancelOperation: 409, uploadBackup: 201 };
const binary = "application/octet-stream";

/** What goes up is what was there before. */
async function takeBackup(): Promise<Buffer> {
  const file = join(bed.directory, "backups", "nas", backupFile);
  const content = await readFile(file);
  await rm(file);
  return content;
}

function pathFor({ path, parameters }: (typeof described)[number]): string {
  const query = parameters
    .filter((parameter) => parameter.in === "query")
    .flatMap(({ name }) => ({ wait: "wait=5", filename: `filename=${backupFile}` })[name] ?? []);
  const values = path.includes("network-backups") ? { ...pathValues, file: networkFile } : pathValues;
  return `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "")}?${query.join("&")}`;
}

/** The schema as zod has it again, with the document's own definitions. */
function schemaFrom(json: unknown): z.ZodType {
  const text = JSON.stringify({ ...(json as object), $defs: document.components.schemas });
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")) as z.core.JSONSchema.JSONSchema,
  );
}

describe("the OpenAPI document", () => {
  it("is what the server gives", async () => {
    expect((await bed.get("/api/v1/openapi.json")).json).toEqual(JSON.parse(JSON.stringify(openApiDocument("1.2.3"))));
  });

  it("has no reference that leads nowhere", () => {
    const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);

    expect(references.length).toBeGreaterThan(10);
    for (const schema of Object.values(document.components.schemas)) expect(schema["type"]).toBe("object");
    expect([...new Set(references)].filter((name) => !Object.hasOwn(document.components.schemas, name ?? ""))).toEqual(
      [],
    );
  });

  it.each(described.filter(({ operationId }) => operationId !== "events"))(
    "tells the truth of $method $path",
    async (route) => {
      const body = bodies[route.operationId];
      const json =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const patch =
        route.operationId === "changeSettings" ? { body: "{}", headers: { "content-type": "application/json" } } : {};
      const upload =
        route.operationId === "uploadBackup" ? { body: await takeBackup(), headers: { "content-type": binary } } : {};
      const answer = await bed.get(pathFor(route), { method: route.method, ...json, ...patch, ...upload });
      const status = statuses[route.operationId] ?? 200;

      expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
      const [type = ""] = answer.headers["content-type"]?.split(";") ?? [];
      const isBinary = type === binary || type === "application/x-tar";
      const schema = route.responses[String(status)]?.content?.[type]?.schema ?? {
        $ref: "#/components/schemas/Problem",
      };
      expect(schemaFrom(schema).safeParse(isBinary ? answer.text : answer.json).error).toBeUndefined();
    },
  );

  it.each(described.filter(({ requestBody }) => requestBody?.content["application/json"] !== undefined))(
    "says what body $method $path takes, and no other is taken",
    async (route) => {
      const answer = await bed.post(pathFor(route), { nonsense: 1 }, { method: route.method });

      expect([answer.status, answer.json?.["error"]]).toEqual([400, "invalid_request"]);
      const empty = await bed.post(pathFor(route), {}, { method: route.method });
      expect(empty.status).toBe(route.requestBody?.required === true ? 400 : 200);
    },
  );

  it.each(described)("says which key $method $path wants", async (route) => {
    await using closed = await openHttpBed({ http: "{ enabled: true, api_key: a-key }" });

    expect((await closed.get(pathFor(route), { method: route.method })).status).toBe(401);
  });
});
