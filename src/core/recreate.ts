import { isTransientName, nameFrom } from "./container.ts";
import { parseImageReference } from "./image-reference.ts";
import type { ContainerInspect, CreateBody, Platform } from "./inspect.ts";
import { lostParentsOf } from "./lost-parents.ts";
import { configFor } from "./recreate/config.ts";
import { attachmentsFor, type Connection, hasPrimaryEndpoint } from "./recreate/endpoints.ts";
import { hostConfigFor } from "./recreate/host-config.ts";
import type { RecreateInput } from "./recreate/input.ts";
import { namespaceParentOf } from "./recreate/references.ts";
import { sysctlsFor } from "./recreate/sysctls.ts";
import { warningsFor } from "./recreate/warnings.ts";

/** How to make the same container again from another image. */
export interface RecreatePlan {
  readonly body: CreateBody;
  /** Only where the engine told which of an image's platforms the container runs. */
  readonly platform?: Platform;
  /** To connect, in this order, after creation and before the start. */
  readonly connect: readonly Connection[];
  /** Networks to leave before the start. */
  readonly disconnect: readonly string[];
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/**
 * Plans the recreation of a container: what the user asked for stays, what the old image supplied is left to the new
 * one. Planning again from the container that comes out of it gives the same plan.
 */
export function planRecreate(input: RecreateInput): RecreatePlan {
  const { inspect, apiVersion } = input;
  const sysctls = sysctlsFor(inspect.HostConfig.Sysctls, hasPrimaryEndpoint(input), apiVersion);
  const { endpoints, connect, disconnect } = attachmentsFor(input, sysctls);
  const body: CreateBody = {
    ...configFor(input),
    Image: input.newReference,
    HostConfig: hostConfigFor(input, sysctls),
    NetworkingConfig: { EndpointsConfig: endpoints },
  };
  const platform = inspect.ImageManifestDescriptor?.platform;
  return {
    body,
    ...(platform === undefined ? {} : { platform }),
    connect,
    disconnect,
    warnings: warningsFor(input, body),
  };
}

/**
 * Why this container must not be recreated, in one sentence that says what to do instead; undefined where it may be.
 * With `containers` (names by id, of all there are) also where a container whose namespace it uses is gone: its
 * successor could be created but not started.
 */
export function recreateRefusalFor(
  inspect: ContainerInspect,
  containers?: ReadonlyMap<string, string>,
): string | undefined {
  const name = nameFrom(inspect.Name);
  const [lost] = containers === undefined ? [] : lostParentsOf(inspect, containers);
  return ownershipRefusal(inspect, name) ?? (lost === undefined ? undefined : gone(name, lost));
}

function ownershipRefusal({ Config, HostConfig, State }: ContainerInspect, name: string): string | undefined {
  const labels = Config.Labels ?? {};
  if (labels["com.docker.swarm.task.id"] !== undefined || labels["com.docker.swarm.service.id"] !== undefined) {
    return `${name} is a task of a Swarm service, which Swarm itself replaces; update the service instead.`;
  }
  if (labels["PODMAN_SYSTEMD_UNIT"] !== undefined) {
    return `${name} belongs to the systemd unit ${labels["PODMAN_SYSTEMD_UNIT"]}; update it with podman auto-update.`;
  }
  if (State.Dead || State.Status === "dead" || State.Status === "removing") {
    return `${name} is being removed by the engine, so there is nothing to recreate; wait until it is gone.`;
  }
  if (isTransientName(name)) {
    return `${name} is left over from an unfinished replacement; finish or remove it before updating.`;
  }
  if (HostConfig.AutoRemove === true) {
    return (
      `${name} was started with --rm, so the engine removes it as soon as it stops and it could not be put back; ` +
      "run it again with the new image."
    );
  }
  return undefined;
}

/** Why there can be no newer image for this container, in one sentence; undefined where there can. */
export function imageRefusalFor(inspect: ContainerInspect): string | undefined {
  const name = nameFrom(inspect.Name);
  const { Image: id } = inspect;
  const { Image: image } = inspect.Config;
  const reference = parseImageReference(image);
  if (reference.kind === "id" || isPartOfId(image, id)) {
    return `${name} was created from an image id, which never has a newer version; recreate it from a name and tag.`;
  }
  if (reference.kind === "invalid") {
    return `${name} names "${image}" for its image, which is not an image name; recreate it from a name and tag.`;
  }
  if (reference.digest !== undefined) {
    return `${name} is pinned to ${reference.digest}; recreate it from a tag to have it updated.`;
  }
  return undefined;
}

/** A few hex digits may be a name as well (`cafe`), unless the id of the container's own image begins with them. */
function isPartOfId(image: string, id: string): boolean {
  const digits = image.replace(/^sha256:/, "");
  return digits.length >= 4 && id.startsWith(`sha256:${digits}`);
}

function gone(name: string, parent: string): string {
  return (
    `${name} uses the namespace of the container ${parent.slice(0, 12)}, which is gone, and nothing tells which one has ` +
    "taken its place: recreate it by hand, or name that one in its label gangway.depends-on."
  );
}

/**
 * The names of the containers that stop working when this one is replaced: those in its network, IPC or PID namespace,
 * and those with a legacy link to it, which would follow the old container. In the order of `all`, which may contain it.
 * `successors` has names for ids of containers that are gone.
 */
export function dependantsOf(
  inspect: ContainerInspect,
  all: readonly ContainerInspect[],
  successors: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  const name = nameFrom(inspect.Name);
  const isIt = (reference: string): boolean =>
    reference === name ||
    successors.get(reference) === name ||
    (reference.length >= 12 && inspect.Id.startsWith(reference));
  return all
    .filter(({ HostConfig }) => {
      const parents = [HostConfig.NetworkMode, HostConfig.IpcMode, HostConfig.PidMode].map(namespaceParentOf);
      // In networks of the user's own, links are by name and find the new container by themselves.
      const links = isOnDefaultBridge(HostConfig) ? (HostConfig.Links ?? []) : [];
      const linked = links.map((link) => link.split(":")[0] ?? "");
      return [...parents, ...linked].some((reference) => reference !== undefined && isIt(nameFrom(reference)));
    })
    .map((dependant) => nameFrom(dependant.Name));
}

function isOnDefaultBridge({ NetworkMode: mode }: ContainerInspect["HostConfig"]): boolean {
  return mode === "" || mode === "default" || mode === "bridge";
}
