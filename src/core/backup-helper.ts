import { rootOf } from "./backup.ts";
import { backupHelperNameFor } from "./backup-name.ts";
import type { ImageConfig } from "./inspect.ts";
import type { CreateRequest } from "./ports.ts";

/** What a helper container is for. */
export interface HelperSubject {
  readonly container: string;
  readonly operation: string;
  readonly imageId: string;
  readonly imageConfig: ImageConfig | undefined;
  /** What is mounted for each part: a volume's name, or a path of the host. */
  readonly mounts: readonly HelperMount[];
}

export interface HelperMount {
  readonly part: string;
  readonly type: "volume" | "bind";
  readonly source: string;
  /** Read-only, if absent. */
  readonly isWritten?: boolean;
}

/** The label by which a helper container is known to be one; its value is the operation. */
export const helperLabel = "gangway.helper";

/** A program that no image has: the container is never to run. */
const nothing = ["/gangway-reads-here"];

/**
 * A container that is never started: the engine reads its files all the same. Reading the application's own container
 * would keep the engine from stopping or inspecting it until the last byte is read. Its volumes are in it read-only.
 */
export function backupHelperFor({ container, operation, imageId, imageConfig, mounts }: HelperSubject): CreateRequest {
  // The engine would make a new anonymous volume for each of the image's, and nobody would remove them.
  const covered = Object.keys(imageConfig?.Volumes ?? {}).map((Target) => ({ Type: "tmpfs", Target }));
  // Compose would take it for a container of the project that the image was built in.
  const composed = Object.keys(imageConfig?.Labels ?? {}).filter((label) => label.startsWith("com.docker.compose."));
  return {
    name: backupHelperNameFor(container, operation),
    body: {
      Image: imageId,
      Entrypoint: nothing,
      Labels: { ...Object.fromEntries(composed.map((label) => [label, ""])), [helperLabel]: operation },
      HostConfig: {
        NetworkMode: "none",
        Mounts: [
          ...mounts.map(({ part, type, source, isWritten = false }) => ({
            ...{ Type: type, Source: source, Target: `/${rootOf(part)}`, ReadOnly: !isWritten },
            ...(type === "volume" ? { VolumeOptions: { NoCopy: true } } : {}),
          })),
          ...covered,
        ],
      },
      NetworkingConfig: { EndpointsConfig: {} },
    },
  };
}
