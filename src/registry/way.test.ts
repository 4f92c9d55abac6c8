import { describe, expect, it } from "vitest";
import type { Credentials } from "../core/ports.ts";
import { parseChallenges } from "./challenge.ts";
import { placeOf, type RegistrySettings } from "./place.ts";
import { wayFor } from "./way.ts";

const alice: Credentials = { kind: "password", username: "alice", password: "wonderland" };
const identity: Credentials = { kind: "identity_token", token: "identity" };
const ready: Credentials = { kind: "registry_token", token: "ready" };

function way(
  registry: string,
  header: string,
  credentials?: Credentials,
  settings: Omit<RegistrySettings, "host"> & { readonly at?: string } = {},
) {
  const { at = `https://${registry}/`, ...rest } = settings;
  const place = placeOf(
    { kind: "reference", registry, repository: "some/image", tag: "1" },
    { registries: [{ host: registry, ...rest }], isInsecure: () => false },
  );
  return wayFor(place, new URL(at), parseChallenges(header), credentials);
}

const both = (realm: string) => `Bearer realm="${realm}",service="s",Basic realm="x"`;

describe("wayFor", () => {
  it("asks the token server that is named, for a scope of its own", () => {
    const header = 'Bearer realm="https://r.example/token",service="r",scope="repository:user/image:pull,push"';

    expect(way("r.example", header)).toEqual({
      kind: "bearer",
      realm: new URL("https://r.example/token"),
      service: "r",
      scope: "repository:some/image:pull",
      withheld: false,
    });
  });

  it.each([
    ["its own host", "r.example", "https://r.example/token"],
    ["its own host on another port", "r.example:5000", "https://r.example:5001/token"],
    ["Docker Hub's token server", "docker.io", "https://auth.docker.io/token"],
    ["GHCR for lscr.io", "lscr.io", "https://ghcr.io/token"],
    ["GitLab's token server", "registry.gitlab.com", "https://gitlab.com/jwt/auth"],
  ])("shows credentials to %s", (_name, registry, realm) => {
    const header = `Bearer realm="${realm}",service="s"`;

    expect(way(registry, header, alice)).toMatchObject({ kind: "bearer", credentials: alice, withheld: false });
    expect(way(registry, header, identity)).toMatchObject({ kind: "bearer", credentials: identity, withheld: false });
  });

  it.each([
    ["another host", "r.example", "https://evil.example/token"],
    ["a host with a longer name", "r.example", "https://r.example.evil.example/token"],
    ["a host under the registry's", "r.example", "https://auth.r.example/token"],
    ["Docker Hub's token server for another registry", "r.example", "https://auth.docker.io/token"],
    ["a user name that looks like the host", "r.example", "https://r.example@evil.example/token"],
  ])("does not show credentials to %s", (_name, registry, realm) => {
    const found = way(registry, `Bearer realm="${realm}",service="s"`, alice);

    expect(found).toMatchObject({ kind: "bearer", withheld: true });
    expect(found).not.toHaveProperty("credentials");
  });

  it("shows credentials to a token server elsewhere that is set for the registry", () => {
    const header = 'Bearer realm="https://gitlab.example/jwt/auth",service="s"';

    expect(way("r.example", header, alice, { tokenHost: "gitlab.example" })).toMatchObject({ credentials: alice });
  });

  it.each(["http://r.example/token", "ftp://r.example/token", "file:///etc/passwd", "javascript:0", "nonsense", ""])(
    "does not ask %s for a token",
    (realm) => {
      expect(way("r.example", `Bearer realm="${realm}"`)).toEqual({ kind: "unusable", realm });
    },
  );

  it("asks a token server without TLS where the registry is insecure", () => {
    const header = 'Bearer realm="http://r.example/token"';

    expect(way("r.example", header, alice, { insecure: true })).toMatchObject({ kind: "bearer", credentials: alice });
    expect(way("r.example", 'Bearer realm="ftp://r.example/token"', alice, { insecure: true }).kind).toBe("unusable");
  });

  it("prefers a token to Basic, and Basic to a token for anybody", () => {
    expect(way("r.example", both("https://r.example/token"), alice)).toMatchObject({
      kind: "bearer",
      credentials: alice,
    });
    expect(way("r.example", both("https://evil.example/token"), alice)).toMatchObject({ kind: "basic" });
    expect(way("r.example", both("http://r.example/token"), alice)).toMatchObject({ kind: "basic" });
    expect(way("r.example", both("https://r.example/token"))).toMatchObject({ kind: "bearer", withheld: false });
  });

  it("shows a password by Basic to the registry's own host only", () => {
    const header = 'Basic realm="x"';

    expect(way("r.example", header, alice)).toEqual({ kind: "basic", username: "alice", password: "wonderland" });
    expect(way("r.example", header, alice, { at: "https://store.example/" })).toEqual({ kind: "none" });
    expect(way("r.example", header)).toEqual({ kind: "none" });
    expect(way("r.example", header, identity)).toEqual({ kind: "none" });
  });

  it("shows a registry token to the registry itself only", () => {
    const header = 'Bearer realm="https://r.example/token"';

    expect(way("r.example", header, ready)).toEqual({ kind: "ready", token: "ready" });
    expect(way("r.example", header, ready, { at: "https://store.example/" })).toEqual({ kind: "none" });
    expect(way("r.example", "", ready)).toEqual({ kind: "none" });
  });

  it("has nothing to show where nothing is asked for", () => {
    expect(way("r.example", "", alice)).toEqual({ kind: "none" });
    expect(way("r.example", "Negotiate", alice)).toEqual({ kind: "none" });
  });
});
