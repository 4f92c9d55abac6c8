import { describe, expect, it } from "vitest";
import { loaded, problemsOf } from "../../test/configuration.ts";

const certificates = { "/certs/ca.pem": "CA", "/certs/cert.pem": "C", "/certs/key.pem": "K" };

describe("the docker CLI's variables", () => {
  it("name the engine where the configuration names none", () => {
    expect(loaded({ environment: { DOCKER_HOST: "tcp://nas:2375" } }).engines).toEqual([{ host: "tcp://nas:2375" }]);
    expect(loaded({ environment: { DOCKER_HOST: "nas:2375" } }).engines).toEqual([{ host: "tcp://nas:2375" }]);
    expect(loaded().engines).toEqual([{ host: "unix:///var/run/docker.sock" }]);
  });

  it("fill in the engine that has no host of its own", () => {
    const yaml = "engines:\n  - node: nas\n  - node: attic\n    host: tcp://attic:2375\n";

    expect(loaded({ yaml, environment: { DOCKER_HOST: "unix:///run/podman.sock" } }).engines).toEqual([
      { node: "nas", host: "unix:///run/podman.sock" },
      { node: "attic", host: "tcp://attic:2375" },
    ]);
  });

  it("turn TLS on, with the files that are in DOCKER_CERT_PATH", () => {
    const environment = { DOCKER_HOST: "tcp://nas:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" };

    expect(loaded({ environment, files: certificates }).engines).toEqual([
      { host: "https://nas:2376", caFile: "/certs/ca.pem", certFile: "/certs/cert.pem", keyFile: "/certs/key.pem" },
    ]);
    expect(loaded({ environment, files: { "/certs/ca.pem": "CA" } }).engines).toEqual([
      { host: "https://nas:2376", caFile: "/certs/ca.pem" },
    ]);
  });

  it("leave an engine alone that has a host of its own", () => {
    const environment = { DOCKER_HOST: "tcp://nas:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" };

    expect(
      loaded({ yaml: "engines: [{ host: 'tcp://attic:2375' }]\n", environment, files: certificates }).engines,
    ).toEqual([{ host: "tcp://attic:2375" }]);
  });

  it("look for certificates in ~/.docker where DOCKER_CERT_PATH is absent", () => {
    const environment = { DOCKER_HOST: "tcp://nas:2376", DOCKER_TLS_VERIFY: "1", HOME: "/home/me" };

    expect(loaded({ environment, files: { "/home/me/.docker/ca.pem": "CA" } }).engines).toEqual([
      { host: "https://nas:2376", caFile: "/home/me/.docker/ca.pem" },
    ]);
  });

  it("leave TLS off without DOCKER_TLS_VERIFY, and for sockets", () => {
    const plain = { DOCKER_HOST: "tcp://nas:2375", DOCKER_CERT_PATH: "/certs" };
    const socket = { DOCKER_HOST: "unix:///a.sock", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" };

    expect(loaded({ environment: plain, files: certificates }).engines).toEqual([{ host: "tcp://nas:2375" }]);
    expect(loaded({ environment: socket, files: certificates }).engines).toEqual([{ host: "unix:///a.sock" }]);
  });

  it("are named where their value is refused", () => {
    expect(problemsOf({ environment: { DOCKER_HOST: "ssh://me:secret@nas" } })).toEqual([
      expect.stringMatching(
        /^DOCKER_HOST: engines\[0\]\.host: expected an engine's address: .* found "ssh:\/\/\*\*\*@nas"$/,
      ),
    ]);
  });
});
