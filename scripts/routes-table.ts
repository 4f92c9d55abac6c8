import { allRoutes, apiPrefix } from "../src/http/api/routes.ts";
import { monitorRoutes } from "../src/http/profiles/monitor/routes.ts";

/** The table of the API's routes for the README. */
export function routesTable(): string {
  return tableOf(Object.values(allRoutes).map((route) => ({ ...route, path: apiPrefix + route.path })));
}

/** The table of the routes of the profile `monitor` for the README. */
export function monitorTable(): string {
  return tableOf(monitorRoutes);
}

interface Row {
  readonly method: string;
  readonly path: string;
  readonly access: { readonly scope?: string };
  readonly summary: string;
}

function tableOf(routes: readonly Row[]): string {
  const rows = routes.map(
    ({ method, path, access, summary }) => `| \`${method} ${path}\` | ${access.scope ?? "–"} | ${summary} |`,
  );
  return ["| route | scope | |", "| --- | --- | --- |", ...rows].join("\n");
}
