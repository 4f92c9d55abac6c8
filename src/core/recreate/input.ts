import type { ContainerInspect, ImageInspect } from "../inspect.ts";

/** All that a container's recreation is planned from. */
export interface RecreateInput {
  /** Read at `apiVersion`: what an engine shows, and how, depends on the version. */
  readonly inspect: ContainerInspect;
  /** The image that the container was created from, by the id in `inspect.Image`; undefined: its record is gone. */
  readonly oldImage: Pick<ImageInspect, "Config"> | undefined;
  readonly newImage: Pick<ImageInspect, "Id">;
  /** The id of the new image's manifest for the container's platform, where the engine tells it (API 1.48). */
  readonly newManifestId?: string | undefined;
  /** What goes into `Config.Image`: never an id. */
  readonly newReference: string;
  /** The API version that is spoken with the engine: `1.41`. */
  readonly apiVersion: string;
  /** The engine's own host name (`GET /info`, `Name`). */
  readonly hostName: string;
  /** Names of containers by id: of all there are, and of those there were, as far as they are known. */
  readonly containers: ReadonlyMap<string, string>;
}

/** Is the engine Podman? It shows the defaults that it filled in as if the user had given them. */
export function isPodman({ Config, HostConfig }: ContainerInspect): boolean {
  return HostConfig["Runtime"] === "oci" || (Config.Env ?? []).includes("container=podman");
}

/** The start of the id, by which a container is known on its networks and which is its host name by default. */
export function shortIdOf({ Id }: Pick<ContainerInspect, "Id">): string {
  return Id.slice(0, 12);
}
