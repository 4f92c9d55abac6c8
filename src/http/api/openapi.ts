import { z } from "zod";
import { Backup, RestorePreview } from "./backups.ts";
import { Network, NetworkBackup } from "./network-routes.ts";
import { problemType } from "./problem.ts";
import { allRoutes, apiPrefix, problemSchema, problems, type RouteDeclaration } from "./routes.ts";
import { Container, ContainerMetrics, Event, Image, Node, Operation, Prune, Settings } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

const named = {
  Container,
  Event,
  Image,
  Metrics: ContainerMetrics,
  Node,
  Operation,
  Problem: problemSchema,
  Backup,
  Network,
  NetworkBackup,
  RestorePreview,
  Prune,
  Settings,
};

/** The OpenAPI 3.1 document of the API. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [id, route] of Object.entries(allRoutes)) {
    paths[apiPrefix + route.path] ??= {};
    Object.assign(paths[apiPrefix + route.path] ?? {}, { [route.method.toLowerCase()]: operationFrom(id, route) });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Gangway",
      version,
      description: "Docker containers, their updates and operations. Times are ISO 8601 in UTC; null means not known.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ header: [] }, { bearer: [] }, { query: [] }],
    paths,
    components: {
      securitySchemes: {
        header: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer" },
        query: { type: "apiKey", in: "query", name: "key" },
      },
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, definitionOf(name, schema)])),
      responses: Object.fromEntries(
        Object.entries(problems).map(([status, description]) => [
          `Problem${status}`,
          { description, content: { [problemType]: { schema: reference("Problem") } } },
        ]),
      ),
    },
  };
}

function operationFrom(id: string, { summary, params, query, body, bytes, access, answers }: RouteDeclaration): Json {
  return {
    operationId: id,
    summary,
    description: `Scope: ${access.scope ?? "none"}.`,
    parameters: [...parametersOf("path", params), ...parametersOf("query", query)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: isNeeded(body),
            content: { "application/json": { schema: schemaOf(body, "input") } },
          },
        }),
    ...(bytes === true
      ? { requestBody: { required: true, content: { "application/octet-stream": { schema: { type: "string" } } } } }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description, schema, mediaType = "application/json" }]) => [
          status,
          { description, content: { [mediaType]: { schema: schemaOf(schema, "output") } } },
        ]),
      ),
      ...Object.fromEntries(
        Object.keys(problems).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
      ),
    },
  };
}

/** A body is needed where something in it is. */
function isNeeded(body: z.ZodObject): boolean {
  return !body.safeParse({}).success;
}

function parametersOf(place: "path" | "query", schema: z.ZodObject): readonly Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, found]) => {
    const { description, ...rest } = found as Json;
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** A schema as JSON Schema 2020-12, those that have a name by reference. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, $defs: __, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return withReferences(json) as Json;
}

/** What a reference to `name` leads to. */
function definitionOf(name: string, schema: z.ZodType): Json {
  const { id: _, ...json } = (z.toJSONSchema(schema, { unrepresentable: "any" }).$defs?.[name] ?? {}) as Json;
  return withReferences(json) as Json;
}

/** `$defs` of zod's become our components. */
function withReferences(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withReferences);
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace("#/$defs/", "#/components/schemas/")
        : withReferences(value),
    ]),
  );
}
