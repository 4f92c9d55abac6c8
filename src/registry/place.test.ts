import { describe, expect, it } from "vitest";
import { placeOf, type RegistrySettings, registryName, trustFor, withCertificates } from "./place.ts";

const nothing = { registries: [], isInsecure: () => false };

describe("placeOf", () => {
  it("finds Docker Hub under its API's host, whatever it is called", () => {
    for (const registry of ["docker.io", "index.docker.io", "registry-1.docker.io"]) {
      const place = placeOf({ kind: "reference", registry, repository: "library/nginx", tag: "1" }, nothing);

      expect(place).toMatchObject({ registry: "docker.io", apiHost: "registry-1.docker.io", insecure: false });
    }
    expect(registryName("GHCR.io")).toBe("ghcr.io");
  });

  it.each([
    ["nothing set", {}, false, { insecure: false, trust: { verified: true } }],
    ["the engine's leave", {}, true, { insecure: true, trust: { verified: false } }],
    ["the configuration's leave", { insecure: true }, false, { insecure: true, trust: { verified: false } }],
    ["its own authority", { ca: "PEM" }, false, { insecure: false, trust: { verified: true, ca: "PEM" } }],
    [
      "its own authority, in spite of the engine",
      { ca: "PEM" },
      true,
      { insecure: false, trust: { verified: true, ca: "PEM" } },
    ],
  ])("speaks to a registry with %s as that demands", (_name, settings, engineSaysInsecure, expected) => {
    const place = placeOf(
      { kind: "reference", registry: "r.example:5000", repository: "a", tag: "1" },
      {
        registries: [{ host: "R.example:5000", ...settings }],
        isInsecure: (registry) => engineSaysInsecure && registry === "r.example:5000",
      },
    );

    expect(place).toMatchObject(expected);
  });
});

describe("the certificates that the engine has for a registry", () => {
  const client = { cert: "CERT", key: "KEY" };
  const found = { ca: "ENGINES", client };
  const placeWith = (settings: Partial<RegistrySettings> = {}) =>
    placeOf(
      { kind: "reference", registry: "r.example:5000", repository: "a", tag: "1" },
      { registries: [{ host: "r.example:5000", ...settings }], isInsecure: () => false },
    );

  it.each<[string, Partial<RegistrySettings>, object, object]>([
    ["count beside the system's", {}, found, { verified: true, ca: "ENGINES", client }],
    ["count beside those that are set", { ca: "OWN" }, { ca: "ENGINES" }, { verified: true, ca: "OWN\nENGINES" }],
    ["count without an authority", {}, { client }, { verified: true, client }],
    ["change nothing where there are none", { ca: "OWN" }, {}, { verified: true, ca: "OWN" }],
  ])("%s", (_, settings, certificates, trust) => {
    expect(withCertificates(placeWith(settings), certificates).trust).toEqual(trust);
  });

  it("are not shown to those that it sends its clients to", () => {
    const place = withCertificates(placeWith(), found);

    expect(trustFor(place, new URL("https://r.example:5001/token"))).toHaveProperty("client");
    expect(trustFor(place, new URL("https://store.example/blob"))).toEqual({ verified: true, ca: "ENGINES" });
  });
});
