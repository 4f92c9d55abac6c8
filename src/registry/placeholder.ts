import type { Registry } from "../core/ports.ts";
import { GangwayError } from "../lib/errors.ts";
export function openRegistry(_options: object): Registry & AsyncDisposable {
  return {
    digestOf: async (reference, signal) => {
      try {
        const answer = await fetch(
          `http://${reference.registry}/v2/${reference.repository}/manifests/${reference.tag}`,
          {
            method: "HEAD",
            signal,
            headers: {
              accept:
                "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
            },
          },
        );
        const digest = answer.headers.get("docker-content-digest");
        if (digest === null) throw new GangwayError("registry_not_found", "no digest");
        return digest;
      } catch (error) {
        throw error instanceof GangwayError
          ? error
          : new GangwayError("registry_unreachable", "unreachable", { cause: error });
      }
    },
    credentialsFor: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
