import { describe, expect, it } from "vitest";
import { loaded, problemsOf } from "../../test/configuration.ts";

const files = { "/ca.pem": "CA", "/cert.pem": "C", "/key.pem": "K" };

describe("rules of the broker", () => {
  it("keep the embedded broker from listening to everyone without a password", () => {
    expect(problemsOf({ yaml: "mqtt:\n  embedded:\n    listen: 0.0.0.0:1883\n" })).toEqual([
      'config.yaml:3:13: mqtt.embedded.listen: expected a loopback address, or mqtt.embedded.username and mqtt.embedded.password beside it, found "0.0.0.0:1883" for everyone',
    ]);
    const embedded = "{ listen: '[::]:1883', username: ha, password: secret }";
    expect(loaded({ yaml: `mqtt: { embedded: ${embedded} }\n` }).mqtt.embedded.listen).toEqual({
      host: "::",
      port: 1883,
    });
  });

  it("do not mind the embedded broker's address while another broker is used", () => {
    const imageDefaults = { mqtt: { embedded: { listen: "0.0.0.0:1883" } } };

    expect(loaded({ imageDefaults, yaml: "mqtt: { url: mqtt://broker }\n" }).mqtt.url).toBe("mqtt://broker");
    expect(problemsOf({ imageDefaults })).toEqual([expect.stringMatching(/^image defaults: mqtt\.embedded\.listen: /)]);
  });

  it("want what belongs together together", () => {
    expect(
      problemsOf({ files, yaml: "mqtt:\n  username: me\n  ca_file: /ca.pem\n  embedded:\n    password: secret\n" }),
    ).toEqual([
      "config.yaml:2:13: mqtt.username: expected mqtt.url beside it, found none",
      "config.yaml:3:12: mqtt.ca_file: expected mqtt.url beside it, found none",
      "config.yaml:5:15: mqtt.embedded.password: expected username beside it, found none",
    ]);
    expect(problemsOf({ files, yaml: "mqtt:\n  url: mqtt://broker\n  cert_file: /cert.pem\n" })).toEqual([
      "config.yaml:3:14: mqtt.cert_file: expected mqtt.url with mqtts:// or wss://, found one without TLS",
      "config.yaml:3:14: mqtt.cert_file: expected key_file beside it, found none",
    ]);
  });
});

describe("rules of engines", () => {
  it("want a node for each of several engines", () => {
    expect(problemsOf({ yaml: "engines:\n  - node: nas\n  - host: tcp://attic:2375\n" })).toEqual([
      "config.yaml:3:5: engines[1].node: expected a node for each of several engines, found none",
    ]);
  });

  it("refuse the same node or the same host twice", () => {
    expect(
      problemsOf({ yaml: "engines:\n  - node: nas\n  - { node: nas, host: 'unix:///var/run/docker.sock' }\n" }),
    ).toEqual([
      "config.yaml:3:13: engines[1].node: expected another node for each engine, found one that another engine has",
      "config.yaml:3:24: engines[1].host: expected another host for each engine, found one that another engine has",
    ]);
  });

  it("take the node at the top for the only engine", () => {
    expect(loaded({ yaml: "node: nas\n" }).engines).toEqual([{ node: "nas", host: "unix:///var/run/docker.sock" }]);
    expect(loaded({ yaml: "node: nas\nengines: [{ node: nas }]\n" }).engines[0].node).toBe("nas");
    expect(problemsOf({ yaml: "node: nas\nengines: [{ node: attic }]\n" })).toEqual([
      "config.yaml:1:7: node: expected the same text as engines[0].node, or only one of them, found another",
    ]);
    expect(problemsOf({ yaml: "node: nas\nengines: [{ node: a }, { node: b, host: 'tcp://b:2375' }]\n" })).toEqual([
      "config.yaml:1:7: node: expected engines[].node where there are several engines, found a node for all of them",
    ]);
  });

  it("want TLS files only where there is TLS, and a key for a certificate", () => {
    expect(problemsOf({ files, yaml: "engines:\n  - ca_file: /ca.pem\n" })).toEqual([
      "config.yaml:2:14: engines[0].ca_file: expected a host with tcp:// or https:// beside it, found one without TLS",
    ]);
    expect(problemsOf({ files, yaml: "engines:\n  - host: tcp://nas:2376\n    key_file: /key.pem\n" })).toEqual([
      "config.yaml:3:15: engines[0].key_file: expected cert_file beside it, found none",
    ]);
  });
});

describe("rules of registries", () => {
  it("want each registry once, by whatever name", () => {
    expect(problemsOf({ yaml: "registries:\n  - host: docker.io\n  - host: Index.Docker.io\n" })).toEqual([
      "config.yaml:3:11: registries[1].host: expected each registry once, found one that stands above already",
    ]);
  });

  it("know Docker Hub by one name", () => {
    const { registries } = loaded({ yaml: "registries: [{ host: Registry-1.Docker.io }, { host: 'GHCR.io' }]\n" });

    expect(registries.map(({ host }) => host)).toEqual(["docker.io", "ghcr.io"]);
  });

  it("want one kind of credentials, and one way to trust", () => {
    const yaml =
      "registries:\n  - host: ghcr.io\n    token: abcd\n    username: me\n  - { host: q.lan, insecure: true, ca_file: /ca.pem }\n";

    expect(problemsOf({ files, yaml })).toEqual([
      "config.yaml:3:12: registries[0].token: expected either a token or a username with password, found both",
      "config.yaml:4:15: registries[0].username: expected password beside it, found none",
      "config.yaml:5:45: registries[1].ca_file: expected either ca_file or insecure, found both",
    ]);
  });

  it("want a mirror to be one of a registry that is none", () => {
    const yaml =
      "registries:\n  - { host: a.lan, mirror_of: Index.Docker.io }\n  - { host: b.lan, mirror_of: A.lan }\n" +
      "  - { host: c.lan, mirror_of: c.lan }\n";

    expect(problemsOf({ yaml })).toEqual([
      "config.yaml:3:31: registries[1].mirror_of: expected a registry that is no mirror, found one with mirror_of of its own",
      "config.yaml:4:31: registries[2].mirror_of: expected a registry that is no mirror, found this one itself",
    ]);
    const { registries } = loaded({ yaml: "registries: [{ host: a.lan, mirror_of: Index.Docker.io }]\n" });
    expect(registries[0]?.mirrorOf).toBe("docker.io");
  });
});
