import { nameFrom } from "./container.ts";
import type { ContainerInspect, ImageInspect } from "./inspect.ts";
import type { SwapMember } from "./journal.ts";
import type { EngineIdentity } from "./ports.ts";
import { planRecreate } from "./recreate.ts";

/** Containers that are to be replaced together, and what is known of their images. */
export interface SwapSubject {
  /** The container itself first, then its dependants, each after what it depends on. */
  readonly members: readonly ContainerInspect[];
  /** Images by id; one that is missing has no record any more. */
  readonly images: ReadonlyMap<string, ImageInspect>;
  /** For the first member; its dependants keep their images. */
  readonly newImage: Pick<ImageInspect, "Id">;
  /** What the first member is created from, where that is another reference than before. */
  readonly newReference?: string | undefined;
  /** By the members' ids: the files of their writable layers that are carried over. */
  readonly carried: ReadonlyMap<string, readonly string[]>;
  /** Names by id, of all containers that there are. */
  readonly names: ReadonlyMap<string, string>;
  readonly identity: Pick<EngineIdentity, "apiVersion" | "hostName">;
}

export interface PlannedSwap {
  readonly members: readonly SwapMember[];
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/** Plans the replacement of a container and of its dependants. */
export function planSwap(subject: SwapSubject): PlannedSwap {
  const { members, images, newImage, newReference, carried, names, identity } = subject;
  const planned = members.map((inspect, index) => {
    const reference = (index === 0 ? newReference : undefined) ?? inspect.Config.Image;
    const oldImage = images.get(inspect.Image);
    const image = index === 0 ? newImage : { Id: inspect.Image };
    const manifest = index === 0 ? undefined : inspect.ImageManifestDescriptor?.digest;
    const { body, platform, connect, disconnect, warnings } = planRecreate({
      inspect,
      oldImage,
      newImage: image,
      ...(manifest === undefined ? {} : { newManifestId: manifest }),
      newReference: reference,
      apiVersion: identity.apiVersion,
      hostName: identity.hostName,
      containers: names,
    });
    const member: SwapMember = {
      container: nameFrom(inspect.Name),
      oldId: inspect.Id,
      newImageId: image.Id,
      reference,
      wasRunning: inspect.State.Running,
      wasPaused: inspect.State.Paused,
      restartPolicy: inspect.HostConfig.RestartPolicy ?? { Name: "no" },
      plan: {
        body,
        carry: carried.get(inspect.Id) ?? [],
        connect,
        disconnect,
        ...(platform === undefined ? {} : { platform }),
      },
      inspect,
    };
    return { member, warnings };
  });
  return {
    members: planned.map(({ member }) => member),
    warnings: planned.flatMap(({ warnings }) => warnings),
  };
}
