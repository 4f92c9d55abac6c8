import { allRoutes, apiPrefix } from "../src/http/api/routes.ts";

/** The table of the API's routes for the README. */
export function routesTable(): string {
  const rows = Object.values(allRoutes).map(
    ({ method, path, access, summary }) =>
      `| \`${method} ${apiPrefix}${path}\` | ${access.scope ?? "–"} | ${summary} |`,
  );
  return ["| route | scope | |", "| --- | --- | --- |", ...rows].join("\n");
}
