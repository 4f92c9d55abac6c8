import { describe, expect, it } from "vitest";
import { capturedContainer, capturedImage } from "../../test/captures.ts";
import { stringifyExact } from "../lib/exact-json.ts";
import type { ContainerInspect } from "./inspect.ts";
import { dependantsOf, imageRefusalFor, planRecreate, recreateRefusalFor } from "./recreate.ts";

const all = ["plain", "media", "sidecar", "linked", "unlimited"].map(capturedContainer);
const containers = new Map(all.map(({ Id, Name }) => [Id, Name.slice(1)]));

function planFor(inspect: ContainerInspect, apiVersion = "1.41") {
  return planRecreate({
    inspect,
    oldImage: capturedImage("1"),
    newImage: capturedImage("2"),
    newReference: inspect.Config.Image,
    apiVersion,
    hostName: "engine-host",
    containers,
  });
}

function volumeOf(inspect: ContainerInspect, path: string): string | undefined {
  return inspect.Mounts.find(({ Destination }) => Destination === path)?.Name;
}

describe("the recreation of containers as a real engine shows them", () => {
  it("leaves everything to the new image where nothing was asked for, but for the volume with its files", () => {
    const plain = capturedContainer("plain");
    const { HostConfig, ...config } = planFor(plain).body;

    expect(config).toEqual({
      Image: "app:1",
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      NetworkingConfig: { EndpointsConfig: { bridge: {} } },
    });
    expect(HostConfig["Mounts"]).toEqual([
      {
        Type: "volume",
        Source: volumeOf(plain, "/var/lib/app"),
        Target: "/var/lib/app",
        VolumeOptions: { NoCopy: true },
      },
    ]);
  });

  it("keeps all that was asked for", () => {
    const media = capturedContainer("media");
    const plan = planFor(media);

    expect(plan.body).toMatchObject({
      Image: "app:1",
      Hostname: "media",
      User: "0:0",
      Env: ["TZ=Europe/Berlin"],
      StopTimeout: 77,
      Labels: { "com.docker.compose.project": "home", "com.docker.compose.service": "media" },
      Healthcheck: { Interval: 5_000_000_000 },
      ExposedPorts: { "80/tcp": {}, "1234/udp": {} },
      Volumes: { "/anon": {} },
      HostConfig: {
        NetworkMode: "front",
        Binds: ["config:/config:ro"],
        Mounts: [
          { Type: "volume", Source: volumeOf(media, "/cache"), Target: "/cache" },
          { Type: "tmpfs", Target: "/scratch", TmpfsOptions: { SizeBytes: 65_536 } },
          { Type: "volume", Source: volumeOf(media, "/anon"), Target: "/anon", VolumeOptions: { NoCopy: true } },
          { Type: "volume", Source: volumeOf(media, "/var/lib/app"), Target: "/var/lib/app" },
        ],
        PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "18080" }] },
        RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
        CapAdd: ["NET_ADMIN"],
        Memory: 67_108_864,
        MemorySwap: 134_217_728,
        LogConfig: { Type: "json-file", Config: { "max-size": "10m" } },
        Dns: ["9.9.9.9"],
        ExtraHosts: ["x:1.2.3.4"],
        Init: true,
      },
      NetworkingConfig: {
        EndpointsConfig: { front: { IPAMConfig: { IPv4Address: "10.77.0.99" }, Aliases: ["tv", "radio"] } },
      },
    });
    expect(plan.connect).toEqual([{ network: "back", endpoint: { Aliases: ["store"] } }]);
    expect(plan.disconnect).toEqual([]);
    expect(plan.warnings).toEqual([]);
  });

  it("gives newer engines all networks at once", () => {
    const plan = planFor(capturedContainer("media"), "1.44");

    expect(Object.keys(plan.body.NetworkingConfig.EndpointsConfig)).toEqual(["front", "back"]);
    expect(plan.connect).toEqual([]);
  });

  it("stays in the network of another container, under whatever id that has by then", () => {
    const { body } = planFor(capturedContainer("sidecar"));

    expect(body.HostConfig["NetworkMode"]).toBe("container:media");
    expect(body).not.toHaveProperty("Hostname");
    expect(body).not.toHaveProperty("ExposedPorts");
    expect(body.NetworkingConfig.EndpointsConfig).toEqual({});
  });

  it("keeps legacy links", () => {
    expect(planFor(capturedContainer("linked")).body.HostConfig["Links"]).toEqual(["plain:origin"]);
  });

  it("keeps a limit of 2^63 - 1 to the digit", () => {
    expect(stringifyExact(planFor(capturedContainer("unlimited")).body)).toContain('"Hard":9223372036854775807');
  });

  it("plans for the platform that the engine tells, and for none where it tells none", () => {
    const platform = { os: "linux", architecture: "arm64", variant: "v8" };
    const inspect = { ...capturedContainer("plain"), ImageManifestDescriptor: { digest: "sha256:0", platform } };

    expect(planFor(inspect).platform).toEqual(platform);
    expect(planFor({ ...inspect, ImageManifestDescriptor: null })).not.toHaveProperty("platform");
    expect(planFor({ ...inspect, ImageManifestDescriptor: {} })).not.toHaveProperty("platform");
  });

  it("leaves what it was given untouched", () => {
    const media = capturedContainer("media");
    const before = stringifyExact(media);

    planFor(media);

    expect(stringifyExact(media)).toBe(before);
  });
});

describe("refusals", () => {
  const refusalFor = (inspect: ContainerInspect, names?: ReadonlyMap<string, string>) =>
    recreateRefusalFor(inspect, names) ?? imageRefusalFor(inspect);
  const plain = capturedContainer("plain");
  const withImage = (Image: string) => ({ ...plain, Config: { ...plain.Config, Image } });
  const withLabel = (label: string) => ({ ...plain, Config: { ...plain.Config, Labels: { [label]: "x" } } });
  const withState = (State: Partial<ContainerInspect["State"]>) => ({ ...plain, State: { ...plain.State, ...State } });

  it.each(["plain", "media", "sidecar", "linked", "unlimited"])("has none for %s", (name) => {
    expect(refusalFor(capturedContainer(name), containers)).toBeUndefined();
  });

  it.each([
    ["a task of a Swarm service", withLabel("com.docker.swarm.task.id"), "Swarm"],
    ["a container of a Swarm service", withLabel("com.docker.swarm.service.id"), "Swarm"],
    ["a container of a systemd unit", withLabel("PODMAN_SYSTEMD_UNIT"), "podman auto-update"],
    ["a dead container", withState({ Dead: true }), "being removed"],
    ["a container that is being removed", withState({ Status: "removing" }), "being removed"],
    ["a container that Gangway is replacing", { ...plain, Name: "/web.gw-old-0a1b2c3d" }, "unfinished"],
    ["a container that compose is replacing", { ...plain, Name: "/0123456789ab_web" }, "unfinished"],
    ["--rm", { ...plain, HostConfig: { ...plain.HostConfig, AutoRemove: true } }, "--rm"],
    ["an image by its id", withImage(plain.Image), "image id"],
    ["an image by its digits", withImage(plain.Image.slice(7)), "image id"],
    ["an image by its first digits", withImage(plain.Image.slice(7, 19)), "image id"],
    ["an image by a short id with its algorithm", withImage(plain.Image.slice(0, 19)), "image id"],
    ["an image by something unreadable", withImage("App:1"), "not an image name"],
    ["a pinned image", withImage(`app@sha256:${"0".repeat(64)}`), "pinned"],
    ["a pinned image with a tag", withImage(`app:1@sha256:${"0".repeat(64)}`), "pinned"],
  ])("refuses %s", (_reason, inspect, words) => {
    const refusal = refusalFor(inspect);

    expect(refusal).toContain(words);
    expect(refusal).toContain(inspect.Name.slice(1));
    expect(refusal).toMatch(/^[^\n]+\.$/);
  });

  it("does not take a name of hex digits for an id", () => {
    expect(refusalFor(withImage("cafe"))).toBeUndefined();
    expect(refusalFor(withImage(plain.Image.slice(7, 8)))).toBeUndefined();
  });

  it.each(["NetworkMode", "IpcMode", "PidMode"])(
    "refuses a container whose %s points to one that is gone",
    (member) => {
      const inspect = { ...plain, HostConfig: { ...plain.HostConfig, [member]: `container:${"0".repeat(64)}` } };

      expect(refusalFor(inspect, containers)).toContain("is gone");
      expect(refusalFor(inspect)).toBeUndefined();
    },
  );
});

describe("dependants", () => {
  const media = capturedContainer("media");
  const child = (HostConfig: Readonly<Record<string, unknown>>) => {
    const plain = capturedContainer("plain");
    return { ...plain, Name: "/child", Id: "c".repeat(64), HostConfig: { ...plain.HostConfig, ...HostConfig } };
  };

  it("are those in its network", () => {
    expect(dependantsOf(media, all)).toEqual(["sidecar"]);
  });

  it("are those that a legacy link binds to it", () => {
    expect(dependantsOf(capturedContainer("plain"), all)).toEqual(["linked"]);
  });

  it.each([
    ["in its IPC namespace", { IpcMode: `container:${media.Id}` }, ["child"]],
    ["in its PID namespace", { PidMode: `container:${media.Id}` }, ["child"]],
    ["that name it", { NetworkMode: "container:media" }, ["child"]],
    ["that give the start of its id", { NetworkMode: `container:${media.Id.slice(0, 12)}` }, ["child"]],
    ["not by less of its id", { NetworkMode: `container:${media.Id.slice(0, 6)}` }, []],
    ["not in another's", { NetworkMode: "container:med" }, []],
    ["not by links in a network of the user's", { NetworkMode: "front", Links: ["media:m"] }, []],
    ["not by its volumes", { VolumesFrom: [media.Id] }, []],
    ["not in none", { IpcMode: "private", PidMode: "", NetworkMode: "none" }, []],
  ])("are containers %s", (_relation, hostConfig, expected) => {
    expect(dependantsOf(media, [media, child(hostConfig)])).toEqual(expected);
  });
});
