import { describe, expect, it } from "vitest";
import type { Credentials } from "../core/ports.ts";
import { parseChallenges } from "./challenge.ts";
import { placeOf } from "./place.ts";
import { wayFor } from "./way.ts";

/*
 * What public registries challenge with, each for a manifest of the repository, as their documents or those who have
 * asked them print it; nothing here was taken from the registries themselves by this project. Sources, besides the
 * registries' own documents: azure.github.io/acr/Token-BasicAuth.html, issues apple/container#2274 (Artifact Registry),
 * quay/claircore#879, containerd/containerd#4379 (gcr.io), CodesWhat/drydock#415 (Codeberg).
 */

interface Row {
  readonly registry: string;
  readonly header: string;
  /** Where a token is asked for, with which service; or `Basic`. */
  readonly realm: string;
  readonly service?: string;
  /** The scope that the challenge names; ours is always that of the repository alone. */
  readonly scope?: string;
}

const repository = "some/image";
const scope = "repository:some/image:pull";

const rows: readonly Row[] = [
  {
    registry: "docker.io",
    header: `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="${scope}"`,
    realm: "https://auth.docker.io/token",
    service: "registry.docker.io",
    scope,
  },
  {
    registry: "ghcr.io",
    header: `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="${scope}"`,
    realm: "https://ghcr.io/token",
    service: "ghcr.io",
    scope,
  },
  {
    registry: "lscr.io",
    header: `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="${scope}"`,
    realm: "https://ghcr.io/token",
    service: "ghcr.io",
    scope,
  },
  {
    registry: "quay.io",
    header: 'Bearer realm="https://quay.io/v2/auth",service="quay.io"',
    realm: "https://quay.io/v2/auth",
    service: "quay.io",
  },
  {
    registry: "registry.gitlab.com",
    header: `Bearer realm="https://gitlab.com/jwt/auth",service="container_registry",scope="${scope}"`,
    realm: "https://gitlab.com/jwt/auth",
    service: "container_registry",
    scope,
  },
  {
    registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    header: 'Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    realm: "Basic",
  },
  {
    registry: "public.ecr.aws",
    header: 'Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"',
    realm: "https://public.ecr.aws/token/",
    service: "public.ecr.aws",
    scope: "aws",
  },
  {
    registry: "gcr.io",
    header: `Bearer realm="https://gcr.io/v2/token",service="gcr.io",scope="${scope}"`,
    realm: "https://gcr.io/v2/token",
    service: "gcr.io",
    scope,
  },
  {
    registry: "us-docker.pkg.dev",
    header: `Bearer realm="https://us-docker.pkg.dev/v2/token",service="us-docker.pkg.dev",scope="${scope}"`,
    realm: "https://us-docker.pkg.dev/v2/token",
    service: "us-docker.pkg.dev",
    scope,
  },
  {
    registry: "contosoregistry.azurecr.io",
    header: `Bearer realm="https://contosoregistry.azurecr.io/oauth2/token",service="contosoregistry.azurecr.io",scope="${scope}"`,
    realm: "https://contosoregistry.azurecr.io/oauth2/token",
    service: "contosoregistry.azurecr.io",
    scope,
  },
  {
    registry: "codeberg.org",
    header:
      'Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",' +
      'Basic realm="https://codeberg.org/v2",service="container_registry",scope="*"',
    realm: "https://codeberg.org/v2/token",
    service: "container_registry",
    scope: "*",
  },
  {
    registry: "cgr.dev",
    header: `Bearer realm="https://cgr.dev/token",service="cgr.dev",scope="${scope}"`,
    realm: "https://cgr.dev/token",
    service: "cgr.dev",
    scope,
  },
  {
    registry: "nvcr.io",
    header: `Bearer realm="https://nvcr.io/proxy_auth",scope="${scope}"`,
    realm: "https://nvcr.io/proxy_auth",
    scope,
  },
  {
    registry: "demo.goharbor.io",
    header: `Bearer realm="https://demo.goharbor.io/service/token",service="harbor-registry",scope="${scope}"`,
    realm: "https://demo.goharbor.io/service/token",
    service: "harbor-registry",
    scope,
  },
];

const alice: Credentials = { kind: "password", username: "alice", password: "wonderland" };

describe("the challenge of a public registry", () => {
  it.each(rows)(
    "is read and answered as it is meant: $registry",
    ({ registry, header, realm, service, scope: named }) => {
      const challenges = parseChallenges(header);
      const place = placeOf(
        { kind: "reference", registry, repository, tag: "1" },
        { registries: [], isInsecure: () => false },
      );
      const url = new URL(`https://${place.apiHost}/v2/${repository}/manifests/1`);
      const way = (credentials?: Credentials) => wayFor(place, url, challenges, credentials);

      expect(challenges[0]?.parameters.get("scope")).toBe(named);
      expect(challenges[0]?.parameters.get("service")).toBe(realm === "Basic" ? "ecr.amazonaws.com" : service);
      if (realm === "Basic") {
        expect(way()).toEqual({ kind: "none" });
        expect(way(alice)).toMatchObject({ kind: "basic", username: "alice" });
        return;
      }
      const asked = { kind: "bearer", realm: new URL(realm), service: service ?? "", scope, withheld: false };
      expect(way()).toEqual(asked);
      expect(way(alice)).toEqual({ ...asked, credentials: alice });
    },
  );
});
