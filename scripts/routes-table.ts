import { allRoutes, apiPrefix } from "../src/http/api/routes.ts";
import { monitorRoutes } from "../src/http/profiles/monitor/routes.ts";
import { monkeyRoutes } from "../src/http/profiles/monkey/routes.ts";
import { watcherRoutes } from "../src/http/profiles/watcher/routes.ts";

/** The table of the API's routes for the README. */
export function routesTable(): string {
  return tableOf(Object.values(allRoutes).map((route) => ({ ...route, path: apiPrefix + route.path })));
}

/** The table of the routes of the profile `monitor` for the README. */
export function monitorTable(): string {
  return tableOf(monitorRoutes);
}

/** The table of the routes of the profile `watcher` for the README. */
export function watcherTable(): string {
  const uses = watcherRoutes.flatMap(({ uses: shown, access, changing }) =>
    shown.map((use) => ({ ...use, access: use.method === "GET" ? access : changing })),
  );
  return tableOf(uses);
}

/** The table of the routes of the profile `monkey` for the README. */
export function monkeyTable(): string {
  return tableOf(monkeyRoutes);
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
