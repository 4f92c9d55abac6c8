import type { ContainerInspect } from "./inspect.ts";

/** Another service of the same compose project that a container depends on. */
export interface ComposeDependency {
  readonly service: string;
  /** `restart: true`: to be restarted after it. */
  readonly restart: boolean;
}

type Labels = Readonly<Record<string, string>>;

/**
 * What a container depends on by compose's own label (`db:service_healthy:true,cache:service_started:false`). Compose
 * writes it for `network_mode: service:db` too.
 */
export function composeDependenciesOf({ Config }: Pick<ContainerInspect, "Config">): readonly ComposeDependency[] {
  return listFrom(Config.Labels?.["com.docker.compose.depends_on"]).map((dependency) => {
    const [service = "", , restart] = dependency.split(":");
    return { service, restart: restart === "true" };
  });
}

/** Is `other` a container of this service, in the same project as `inspect`? */
export function isOfService(
  other: Pick<ContainerInspect, "Config">,
  service: string,
  inspect: Pick<ContainerInspect, "Config">,
): boolean {
  const labels: Labels = other.Config.Labels ?? {};
  const project = inspect.Config.Labels?.["com.docker.compose.project"];
  return (
    project !== undefined &&
    labels["com.docker.compose.project"] === project &&
    labels["com.docker.compose.service"] === service
  );
}

const dependsOnLabels = ["gangway.depends-on", "com.centurylinklabs.watchtower.depends-on"];

/** The names of the containers that a container depends on by a label of the user's own. */
export function labelledDependenciesOf({ Config }: Pick<ContainerInspect, "Config">): readonly string[] {
  return dependsOnLabels.flatMap((label) => listFrom(Config.Labels?.[label]));
}

function listFrom(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim().replace(/^\//, ""))
    .filter((name) => name !== "");
}
