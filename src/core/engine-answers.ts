import type { ContainerStateName } from "./inspect.ts";

/*
 * What an engine tells of its containers and images in passing; what it tells of one when it is asked stands in inspect.ts.
 */

/** A line of `GET /containers/json`. */
export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly state: ContainerStateName;
  /** The image that it was created from. */
  readonly imageId: string;
}

/** A line of `GET /images/json`. */
export interface ImageSummary {
  readonly id: string;
  /** `nginx:1.27`; none where all its tags have moved on. */
  readonly tags: readonly string[];
  /** `nginx@sha256:…` */
  readonly digests: readonly string[];
  /** When it was built, as it says itself: milliseconds since 1970. */
  readonly createdMs: number;
}

/** Something that happened to a container. */
export interface ContainerEvent {
  readonly kind: "container";
  readonly action: string;
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970, by the engine's clock. */
  readonly time: number;
  readonly exitCode?: number;
  readonly health?: string;
  readonly oldName?: string;
}
