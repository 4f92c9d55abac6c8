import type { ContainerInspect, ContainerStateName, HealthState } from "./inspect.ts";

/** A container as Gangway sees it. Its identity is the name: ids change with every recreate. */
export interface Container {
  readonly name: string;
  readonly id: string;
  /** The reference it was created from, as the user wrote it. */
  readonly image: string;
  /** The id of the image that it really runs. */
  readonly imageId: string;
  /** What that image is called at registries (`nginx@sha256:…`), as the engine knew when the container was first seen. */
  readonly repoDigests: readonly string[];
  /** Digest of the platform's manifest that it really runs, where the engine tells. */
  readonly manifest?: string;
  readonly state: ContainerStateName;
  readonly health: HealthState;
  /** ISO 8601 in UTC, whole seconds; null for never. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly restartCount: number;
  /** Null while it runs or was never started. */
  readonly exitCode: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Is the container's main process there (a paused one counts)? */
export function isRunning(container: Pick<Container, "state">): boolean {
  return container.state === "running" || container.state === "paused" || container.state === "restarting";
}

/** A container from its inspect answer and the digests of its image. */
export function containerFrom(inspect: ContainerInspect, repoDigests: readonly string[]): Container {
  const { State: state, Config: config } = inspect;
  const manifest = inspect.ImageManifestDescriptor?.digest;
  return {
    name: nameFrom(inspect.Name),
    id: inspect.Id,
    image: config.Image,
    imageId: inspect.Image,
    repoDigests,
    ...(manifest === undefined ? {} : { manifest }),
    state: state.Status,
    health: healthFrom(state.Health?.Status),
    startedAt: timeFrom(state.StartedAt),
    finishedAt: timeFrom(state.FinishedAt),
    restartCount: inspect.RestartCount,
    exitCode: state.Status === "exited" || state.Status === "dead" ? state.ExitCode : null,
    labels: config.Labels ?? {},
  };
}

/** The engine's names carry a leading slash. */
export function nameFrom(engineName: string): string {
  return engineName.startsWith("/") ? engineName.slice(1) : engineName;
}

/** The engine's word for a health state; anything else, and nothing at all, is `none`. */
export function healthFrom(status: string | undefined): HealthState {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";
}

/** The engine's RFC 3339 time with nanoseconds as ISO 8601 in whole seconds; its year 1 means never. */
export function timeFrom(engineTime: string): string | null {
  const ms = Date.parse(engineTime);
  return Number.isNaN(ms) || ms <= 0 ? null : isoSeconds(ms);
}

/** Milliseconds since 1970 as ISO 8601 in UTC, cut to whole seconds. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const swapName = /\.gw-(?:new|old|helper|backup|restore)-[0-9a-f]{8}$/;
/**
 * Which operation a container's name comes from, and whose place it has or had; undefined for a name of another kind.
 */
export function swapNameParts(name: string): { readonly container: string; readonly operation: string } | undefined {
  const match = /^(?<container>.+)\.gw-(?:new|old)-(?<operation>[0-9a-f]{8})$/.exec(name);
  const { container, operation } = match?.groups ?? {};
  return container === undefined || operation === undefined ? undefined : { container, operation };
}

const composeName = /^[0-9a-f]{12}_/;

/**
 * Is this a name that a container bears only while it is being replaced or backed up, by Gangway (`web.gw-old-1a2b3c4d`) or by
 * compose (`3d4c5b6a7f8e_web`)? Such containers never become devices.
 */
export function isTransientName(name: string): boolean {
  return swapName.test(name) || composeName.test(name);
}
