import type { RecreateInput } from "./input.ts";
import { without } from "./members.ts";

/**
 * Labels by which compose, Swarm and Gangway find their containers. Images built by compose carry some of these too:
 * subtracting them as the image's would cost the container its identity.
 */
const identities = ["com.docker.compose.", "com.docker.swarm.", "com.docker.stack.", "gangway."];
const composeImageLabel = "com.docker.compose.image";

/** The labels that the user, or the user's tool, gave. */
export function labelsFor(input: RecreateInput): Readonly<Record<string, string>> {
  const { inspect, oldImage } = input;
  const labels = inspect.Config.Labels ?? {};
  const identifying = Object.fromEntries(
    Object.entries(labels).filter(([name]) => identities.some((prefix) => name.startsWith(prefix))),
  );
  const image = composeImageFor(input)?.value;
  return {
    ...without(labels, oldImage?.Config.Labels),
    ...identifying,
    ...(image === undefined ? {} : { [composeImageLabel]: image }),
  };
}

/**
 * What compose will compare with the local image: with another value in the label its next `up` would recreate the
 * container, and what depends on it. Up to 5.4 that is the image's id, later and on engines that tell manifests the
 * manifest's (compose, pkg/compose/convergence.go): the old value shows which. Undefined where there is no such label;
 * `isExact` is false where the manifest's id was needed and is not known.
 */
export function composeImageFor({
  inspect,
  newImage,
  newManifestId,
}: RecreateInput): { readonly value: string; readonly isExact: boolean } | undefined {
  const old = inspect.Config.Labels?.[composeImageLabel];
  if (old === undefined) return undefined;
  const isManifest = old !== inspect.Image && old === inspect.ImageManifestDescriptor?.digest;
  if (!isManifest) return { value: newImage.Id, isExact: true };
  return { value: newManifestId ?? newImage.Id, isExact: newManifestId !== undefined };
}
