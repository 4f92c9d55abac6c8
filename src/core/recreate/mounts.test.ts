import { describe, expect, it } from "vitest";
import { createdInModel, hashOf } from "../../../test/engine-model.ts";
import { hostConfigOf, type Recreation, recreate } from "../../../test/recreation.ts";

const bare = { oldImage: {} };
const sibling = createdInModel(
  { HostConfig: { Binds: ["shared:/shared", "/host/b:/b:ro"] }, Volumes: { "/lent": {} } },
  { name: "sibling", image: {} },
);

function volumeAt(path: string, { before }: Recreation): string {
  return before.Mounts.find(({ Destination }) => Destination === path)?.Name ?? "";
}

describe("the volumes of a recreated container", () => {
  it.each([
    ["of -v /anon", { Volumes: { "/anon": {} } }, bare],
    ["of the image", {}, { oldImage: { Volumes: { "/anon": {} } } }],
    ["of a bind that names no source", { HostConfig: { Binds: ["/anon"] } }, bare],
    ["of -v /anon/ with a slash too many", { Volumes: { "//anon/./": {} } }, bare],
  ])("keeps the anonymous volume %s", (_origin, request, setting) => {
    const recreation = recreate(request, setting);
    const [mount] = recreation.before.Mounts;

    expect(hostConfigOf(recreation)["Mounts"]).toEqual([
      { Type: "volume", Source: mount?.Name, Target: mount?.Destination, VolumeOptions: { NoCopy: true } },
    ]);
    expect(recreation.after.Mounts.find(({ Name }) => Name === mount?.Name)).toMatchObject({ RW: true });
  });

  it("asks for one place once only, or the engine would refuse", () => {
    const { Binds, Mounts } = hostConfigOf(recreate({ HostConfig: { Binds: ["/anon", "named:/n"] } }, bare));

    expect(Binds).toEqual(["named:/n"]);
    expect(Mounts).toEqual([expect.objectContaining({ Target: "/anon" })]);
  });

  it("is not kept where a tmpfs hides it", () => {
    const as = (inspect: Recreation["before"]) => ({
      ...inspect,
      HostConfig: { ...inspect.HostConfig, Tmpfs: { "/anon": "" } },
    });

    expect(hostConfigOf(recreate({ Volumes: { "/anon": {} } }, { ...bare, as }))).not.toHaveProperty("Mounts");
  });

  it("knows the volume by its directory where the engine leaves the name out", () => {
    const name = hashOf("volume");
    const Source = `/var/lib/docker/volumes/${name}/_data`;
    const as = (inspect: Recreation["before"]) => ({
      ...inspect,
      Mounts: [{ Type: "volume", Source, Destination: "/anon", RW: true }],
    });

    expect(hostConfigOf(recreate({ HostConfig: { Binds: ["/anon"] } }, { ...bare, as }))["Mounts"]).toEqual([
      { Type: "volume", Source: name, Target: "/anon", VolumeOptions: { NoCopy: true } },
    ]);
  });

  it("names the volume of a mount that left it to the engine", () => {
    const request = { Type: "volume", Target: "/a", VolumeOptions: { Labels: { l: "1" } } };
    const recreation = recreate({ HostConfig: { Mounts: [request] } }, bare);

    expect(hostConfigOf(recreation)["Mounts"]).toEqual([{ ...request, Source: volumeAt("/a", recreation) }]);
  });

  it("keeps a read-only one read-only", () => {
    const as = (inspect: Recreation["before"]) => ({
      ...inspect,
      Mounts: inspect.Mounts.map((mount) => ({ ...mount, RW: false })),
    });

    expect(hostConfigOf(recreate({ Volumes: { "/a": {} } }, { ...bare, as }))["Mounts"]).toEqual([
      expect.objectContaining({ ReadOnly: true }),
    ]);
  });

  it("keeps them in one order, whatever the order in which the engine gives them", () => {
    const request = { Volumes: { "/b": {}, "/a": {}, "/c": {} } };
    const reversed = (inspect: Recreation["before"]) => ({ ...inspect, Mounts: inspect.Mounts.toReversed() });

    expect(hostConfigOf(recreate(request, { ...bare, as: reversed }))).toEqual(hostConfigOf(recreate(request, bare)));
  });

  it("does not remove one whose VOLUME the new image drops, and adds the new image's", () => {
    const { before, after, differences } = recreate({});

    expect(before.Mounts.map(({ Destination }) => Destination)).toEqual(["/data", "/data1"]);
    expect(after.Mounts.map(({ Destination }) => Destination).sort()).toEqual(["/data", "/data1", "/data2"]);
    expect(differences).toEqual([]);
  });

  it.each([
    ["a named volume", { Binds: ["named:/data:ro"] }],
    ["a bind with options", { Binds: ["/host:/data:ro,rslave"] }],
    ["a bind with a slash too many", { Binds: ["/host:/data/"] }],
    ["a mount of a named volume", { Mounts: [{ Type: "volume", Source: "v", Target: "/data", ReadOnly: true }] }],
    ["a mount of a directory", { Mounts: [{ Type: "bind", Source: "/host", Target: "/data" }] }],
    ["a mount of an image", { Mounts: [{ Type: "image", Source: "files:1", Target: "/data" }] }],
    ["a tmpfs", { Tmpfs: { "/data": "" } }],
  ])("copies %s on the path of a VOLUME as it is", (_kind, hostConfig) => {
    const recreation = recreate({ HostConfig: hostConfig }, { oldImage: { Volumes: { "/data": {} } } });
    const { Binds, Mounts, Tmpfs } = hostConfigOf(recreation);

    expect({ Binds, Mounts, Tmpfs }).toEqual({ Binds: null, Mounts: undefined, Tmpfs: undefined, ...hostConfig });
  });

  it.each([
    ["Binds", null],
    ["Binds", []],
    ["Mounts", null],
    ["Mounts", []],
    ["VolumesFrom", null],
    ["VolumesFrom", []],
  ])("keeps %s %j as it is", (member, value) => {
    expect(hostConfigOf(recreate({ HostConfig: { [member]: value } }, bare))[member]).toEqual(value);
  });
});

describe("volumes from another container", () => {
  const others = [sibling];
  const setting = { ...bare, others };

  it.each([
    [sibling.Id, "sibling"],
    [`${sibling.Id}:ro`, "sibling:ro"],
    ["sibling:ro", "sibling:ro"],
    ["sibling", "sibling"],
  ])("are asked for by its name: %s", (source, expected) => {
    const recreation = recreate({ HostConfig: { VolumesFrom: [source] } }, setting);

    expect(hostConfigOf(recreation)).toMatchObject({ VolumesFrom: [expected] });
    expect(hostConfigOf(recreation)["Mounts"]).toBeUndefined();
    expect(recreation.differences).toEqual([]);
  });

  it("do not hide the container's own anonymous volumes", () => {
    const recreation = recreate({ Volumes: { "/own": {} }, HostConfig: { VolumesFrom: ["sibling"] } }, setting);

    expect(hostConfigOf(recreation)["Mounts"]).toEqual([
      expect.objectContaining({ Source: volumeAt("/own", recreation), Target: "/own" }),
    ]);
  });

  it("are mounted by name when that container is gone", () => {
    const recreation = recreate(
      { HostConfig: { VolumesFrom: ["sibling"] } },
      {
        ...setting,
        as: (inspect) => ({ ...inspect, HostConfig: { ...inspect.HostConfig, VolumesFrom: [hashOf("gone")] } }),
      },
    );

    expect(hostConfigOf(recreation)).toMatchObject({
      VolumesFrom: [],
      Mounts: [
        { Type: "bind", Source: "/host/b", Target: "/b", ReadOnly: true, BindOptions: { Propagation: "rprivate" } },
        { Type: "volume", Source: volumeAt("/lent", recreation), Target: "/lent" },
        { Type: "volume", Source: "shared", Target: "/shared" },
      ],
    });
    expect(recreation.plan.warnings).toEqual([expect.stringContaining("container that is gone")]);
  });
});
