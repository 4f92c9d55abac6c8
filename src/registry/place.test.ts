import { describe, expect, it } from "vitest";
import { placeOf, registryName } from "./place.ts";

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
