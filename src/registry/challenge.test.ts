import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenges } from "./challenge.ts";

/** Challenges as plain values, for comparison. */
function plain(header: string): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)] as const);
}

describe("parseChallenges", () => {
  it.each([
    [
      "Docker Hub",
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
      [
        [
          "bearer",
          {
            realm: "https://auth.docker.io/token",
            service: "registry.docker.io",
            scope: "repository:library/nginx:pull",
          },
        ],
      ],
    ],
    [
      "GHCR",
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
      [["bearer", { realm: "https://ghcr.io/token", service: "ghcr.io", scope: "repository:user/image:pull" }]],
    ],
    [
      "Codeberg, two challenges in one header",
      'Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",Basic realm="https://codeberg.org/v2",service="container_registry",scope="*"',
      [
        ["bearer", { realm: "https://codeberg.org/v2/token", service: "container_registry", scope: "*" }],
        ["basic", { realm: "https://codeberg.org/v2", service: "container_registry", scope: "*" }],
      ],
    ],
    [
      "quay.io, other order",
      'Bearer service="quay.io",realm="https://quay.io/v2/auth"',
      [["bearer", { realm: "https://quay.io/v2/auth", service: "quay.io" }]],
    ],
    [
      "GitLab",
      'Bearer realm="https://gitlab.com/jwt/auth",service="container_registry",scope="repository:a/b:pull",error="invalid_token"',
      [
        [
          "bearer",
          {
            realm: "https://gitlab.com/jwt/auth",
            service: "container_registry",
            scope: "repository:a/b:pull",
            error: "invalid_token",
          },
        ],
      ],
    ],
    [
      "ECR",
      'Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
      [["basic", { realm: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/", service: "ecr.amazonaws.com" }]],
    ],
    ["registry with htpasswd", 'Basic realm="Registry Realm"', [["basic", { realm: "Registry Realm" }]]],
    ["Artifactory", 'Basic realm="Artifactory Realm"', [["basic", { realm: "Artifactory Realm" }]]],
    [
      "Harbor",
      'Bearer realm="https://h.example/service/token",service="harbor-registry",scope="repository:p/r:pull"',
      [
        [
          "bearer",
          { realm: "https://h.example/service/token", service: "harbor-registry", scope: "repository:p/r:pull" },
        ],
      ],
    ],
    [
      "without quotes",
      "Bearer realm=https://h.example/token?a=b, service=x",
      [["bearer", { realm: "https://h.example/token?a=b", service: "x" }]],
    ],
    [
      "commas and quotes within quotes",
      String.raw`Bearer realm="https://h/t", scope="repository:a:pull,push", title="say \"hello\", Basic realm=no"`,
      [["bearer", { realm: "https://h/t", scope: "repository:a:pull,push", title: 'say "hello", Basic realm=no' }]],
    ],
    [
      "odd spaces and cases",
      '  ,  BEARER   Realm = "https://h/t" ,  SERVICE="s"  ',
      [["bearer", { realm: "https://h/t", service: "s" }]],
    ],
    [
      "schemes without parameters, and with a token instead",
      'Negotiate, NTLM TlRMTVNTUAAC==, Basic realm="x"',
      [
        ["negotiate", {}],
        ["ntlm", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    ["an unended quote", 'Bearer realm="https://h/t', [["bearer", { realm: "https://h/t" }]]],
    ["the first of two equal names", 'Basic realm="a",realm="b"', [["basic", { realm: "a" }]]],
    ["an empty header", "", []],
    ["parameters of nobody", 'realm="x"', []],
  ])("understands %s", (_name, header, expected) => {
    expect(plain(header)).toEqual(expected);
  });

  it("gives back whatever was written by the rules", () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 30 });
    const challenge = fc.tuple(token, fc.uniqueArray(fc.tuple(token, text), { selector: ([name]) => name }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(([scheme, parameters]) => {
            const quoted = parameters.map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`);
            return `${scheme} ${quoted.join(",")}`.trim();
          })
          .join(", ");
        const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, [...parameters]]);
        expect(found).toEqual(challenges);
      }),
    );
  });

  it("comes to an end with any text", () => {
    const characters = fc.constantFrom(...'aB1 \t,="\\:/;é\n');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 200 }), (header) => {
        expect(Array.isArray(parseChallenges(header))).toBe(true);
      }),
    );
  });

  it("takes time in proportion to the header's length", () => {
    for (const part of ["a ", 'a="', '"', "a=", ",", "a\t", 'a="\\"']) {
      const started = process.cpuUsage();
      parseChallenges(part.repeat(100_000));
      expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
    }
  });
});
