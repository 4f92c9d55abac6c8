import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalText,
  digestsOfRepository,
  familiarText,
  type ImageReference,
  isTag,
  parseImageReference,
  repositoryOf,
  withTag,
} from "./image-reference.ts";

const hex = "0123456789abcdef".repeat(4);
const sha256 = `sha256:${hex}`;
const sha512 = `sha512:${hex}${hex}`;

function parsed(text: string): ImageReference {
  const reference = parseImageReference(text);
  if (reference.kind !== "reference") throw new Error(`${text} is ${reference.kind}`);
  return reference;
}

describe("parseImageReference", () => {
  it.each([
    // Docker Hub, in all the ways to write it.
    ["nginx", "docker.io", "library/nginx", "latest"],
    ["nginx:1.27-alpine", "docker.io", "library/nginx", "1.27-alpine"],
    ["library/nginx", "docker.io", "library/nginx", "latest"],
    ["docker.io/nginx", "docker.io", "library/nginx", "latest"],
    ["docker.io/library/nginx:1", "docker.io", "library/nginx", "1"],
    ["index.docker.io/nginx", "docker.io", "library/nginx", "latest"],
    ["index.docker.io/linuxserver/calibre", "docker.io", "linuxserver/calibre", "latest"],
    ["linuxserver/calibre:v7", "docker.io", "linuxserver/calibre", "v7"],
    ["docker.io/library/foo/bar", "docker.io", "library/foo/bar", "latest"],
    ["test_com/foo", "docker.io", "test_com/foo", "latest"],
    // Registries, with and without port.
    ["ghcr.io/home-assistant/home-assistant:2026.3", "ghcr.io", "home-assistant/home-assistant", "2026.3"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000", "app", "latest"],
    ["127.0.0.1:5000/team/app:1", "127.0.0.1:5000", "team/app", "1"],
    ["registry:5000/app", "registry:5000", "app", "latest"],
    ["localhost/app", "localhost", "app", "latest"],
    ["localhost:5000/app", "localhost:5000", "app", "latest"],
    ["[fc00::1]:5000/app", "[fc00::1]:5000", "app", "latest"],
    ["[fc00:1:2:3:4:5:6:7]/library/debian", "[fc00:1:2:3:4:5:6:7]", "library/debian", "latest"],
    ["xn--n3h.com:18080/foo", "xn--n3h.com:18080", "foo", "latest"],
    ["Docker/docker", "Docker", "docker", "latest"],
    ["REGISTRY/docker:1", "REGISTRY", "docker", "1"],
    ["Registry.Example/app", "Registry.Example", "app", "latest"],
    // What looks like something else.
    ["192.168.0.1:80", "docker.io", "library/192.168.0.1", "80"],
    ["example.com", "docker.io", "library/example.com", "latest"],
    ["localhost", "docker.io", "library/localhost", "latest"],
    [`docker.io/${hex}`, "docker.io", `library/${hex}`, "latest"],
    [hex.slice(1), "docker.io", `library/${hex.slice(1)}`, "latest"],
    ["0123456789ab", "docker.io", "library/0123456789ab", "latest"],
    // The corners of the grammar.
    ["team/a--b__c.d_e", "docker.io", "team/a--b__c.d_e", "latest"],
    [`app:_${"x".repeat(127)}`, "docker.io", "library/app", `_${"x".repeat(127)}`],
    [`registry.example/${"a".repeat(255)}`, "registry.example", "a".repeat(255), "latest"],
  ])("reads %s", (text, registry, repository, tag) => {
    expect(parseImageReference(text)).toEqual({ kind: "reference", registry, repository, tag });
  });

  it.each([
    [`nginx@${sha256}`, { registry: "docker.io", repository: "library/nginx", digest: sha256 }],
    [`nginx:1@${sha256}`, { registry: "docker.io", repository: "library/nginx", tag: "1", digest: sha256 }],
    [`127.0.0.1:5000/app@${sha512}`, { registry: "127.0.0.1:5000", repository: "app", digest: sha512 }],
  ])("reads the digest of %s, and invents no tag beside it", (text, expected) => {
    expect(parseImageReference(text)).toEqual({ kind: "reference", ...expected });
  });

  it.each([hex, sha256])("takes %s for an image's id", (text) => {
    expect(parseImageReference(text)).toEqual({ kind: "id", text });
  });

  it.each([
    "",
    " nginx",
    "nginx ",
    "nginx\n",
    "Nginx",
    "docker/Docker",
    "https://github.com/docker/docker",
    "-docker/docker",
    "docker-/docker",
    "_docker/docker",
    "dock..er/docker",
    "dock_.er/docker",
    "a___b",
    "docker/",
    "/docker",
    "docker//docker",
    "-docker.io/app",
    "docker-.io/app",
    "my_host.example/app",
    "host:port/app",
    "host:65536/app",
    "host:/app",
    "[fc00::1]",
    "fc00::1:5000/app",
    "[fe80::1%eth0]:5000/app",
    "nginx:",
    "nginx:-1",
    "nginx:a:b",
    `nginx:${"x".repeat(129)}`,
    `registry.example/${"a".repeat(256)}`,
    "nginx@",
    "nginx@sha256",
    `nginx@${hex}`,
    `nginx@sha256:${hex.slice(1)}`,
    `nginx@${sha256}0`,
    `nginx@sha256:${hex.toUpperCase()}`,
    `nginx@md5:${hex.slice(32)}`,
    `nginx@${sha256}@${sha256}`,
    `@${sha256}`,
  ])("refuses %j", (text) => {
    expect(parseImageReference(text)).toEqual({ kind: "invalid", text });
  });

  it("reads back what canonicalText has written", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,5}$/);
    const component = fc
      .tuple(word, fc.constantFrom("", ".x", "_x", "__x", "--x"))
      .map(([start, end]) => `${start}${end}`);
    const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const registry = fc.constantFrom(
      "",
      "docker.io/",
      "index.docker.io/",
      "library/",
      "localhost/",
      "UPPER/",
      "[::1]:1/",
      "a.b:65535/",
    );
    const tag = fc.constantFrom("", ":latest", ":1.2-x", ":_");
    const digest = fc.constantFrom("", `@${sha256}`, `@${sha512}`);
    const text = fc.tuple(registry, path, tag, digest).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (written) => {
        const reference = parsed(written);
        expect(parseImageReference(canonicalText(reference))).toEqual(reference);
      }),
      { examples: [["localhost/localhost"], ["library/library/library"], ["docker.io/docker.io"]] },
    );
  });

  it("gives back any text that it does not take, and fails with none", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."aA0.:/@_-[] é"), maxLength: 40 }), (text) => {
        const reference = parseImageReference(text);
        if (reference.kind === "reference") {
          expect(parseImageReference(canonicalText(reference))).toEqual(reference);
        } else {
          expect(reference.text).toBe(text);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("canonicalText and familiarText", () => {
  it.each([
    ["nginx", "docker.io/library/nginx:latest", "nginx:latest"],
    ["docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx:1"],
    ["index.docker.io/linuxserver/calibre", "docker.io/linuxserver/calibre:latest", "linuxserver/calibre:latest"],
    ["library/foo/bar:1", "docker.io/library/foo/bar:1", "library/foo/bar:1"],
    ["ghcr.io/library/nginx:1", "ghcr.io/library/nginx:1", "ghcr.io/library/nginx:1"],
    [`nginx@${sha256}`, `docker.io/library/nginx@${sha256}`, `nginx@${sha256}`],
    [`nginx:1@${sha256}`, `docker.io/library/nginx:1@${sha256}`, `nginx:1@${sha256}`],
  ])("write %s in full and as Docker prints it", (text, canonical, familiar) => {
    expect(canonicalText(parsed(text))).toBe(canonical);
    expect(familiarText(parsed(text))).toBe(familiar);
  });
});

describe("withTag", () => {
  it.each([
    ["nginx", "nginx:2"],
    ["nginx:1.27", "nginx:2"],
    ["docker.io/library/nginx:1.27", "docker.io/library/nginx:2"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000/app:2"],
    ["127.0.0.1:5000/team/app:1", "127.0.0.1:5000/team/app:2"],
  ])("changes nothing of %s but its tag", (text, expected) => {
    expect(withTag(text, "2")).toBe(expected);
  });
});

describe("isTag", () => {
  it.each([
    ["latest", true],
    ["_1.2-x", true],
    ["x".repeat(128), true],
    ["x".repeat(129), false],
    ["", false],
    ["-1", false],
    ["a b", false],
    ["1@x", false],
  ])("says of %s: %s", (text, expected) => {
    expect(isTag(text)).toBe(expected);
  });
});

describe("repositoryOf", () => {
  it("is one for all ways to write the same repository, and different for others", () => {
    const names = ["nginx", "nginx:1", "docker.io/nginx", "index.docker.io/library/nginx", `nginx@${sha256}`];

    expect(new Set(names.map((name) => repositoryOf(parsed(name))))).toEqual(new Set(["docker.io/library/nginx"]));
    expect(repositoryOf(parsed("ghcr.io/nginx"))).not.toBe(repositoryOf(parsed("nginx")));
  });
});

describe("digestsOfRepository", () => {
  it("takes the digests of the same repository only, in their order, however it is written", () => {
    const other = `sha256:${hex.split("").reverse().join("")}`;
    const found = digestsOfRepository(
      [
        `docker.io/library/nginx@${other}`,
        `ghcr.io/nginx@${sha256}`,
        `nginx@${sha256}`,
        `someone/nginx@${sha256}`,
        "nginx:1",
        "<none>@<none>",
      ],
      parsed("index.docker.io/nginx:1"),
    );

    expect(found).toEqual([other, sha256]);
  });
});
