import { describe, expect, it } from "vitest";
import { dependantsFor } from "./dependants.ts";
import type { ContainerInspect } from "./inspect.ts";
import { successorsOf } from "./lost-parents.ts";

const gone = "d".repeat(64);

function container(name: string, NetworkMode: string, Labels: Readonly<Record<string, string>> = {}): ContainerInspect {
  const Id = Buffer.from(name).toString("hex").padEnd(64, "0");
  return {
    Id,
    Name: `/${name}`,
    Config: { Image: "app", Labels },
    HostConfig: { NetworkMode },
  } as unknown as ContainerInspect;
}

const service = (name: string, dependsOn = "", project = "home") => ({
  "com.docker.compose.project": project,
  "com.docker.compose.service": name,
  "com.docker.compose.depends_on": dependsOn,
});

const vpn = container("home-vpn-1", "bridge", service("vpn"));

describe("the successor of a container that is gone", () => {
  it.each([
    [
      "is its service's container",
      container("c", `container:${gone}`, service("c", "vpn:service_started:true")),
      [vpn],
    ],
    [
      "is the one that a label names",
      container("c", `container:${gone}`, { "gangway.depends-on": "home-vpn-1" }),
      [vpn],
    ],
  ])("%s", (_, child, others) => {
    expect([...successorsOf([child, ...others])]).toEqual([[gone, "home-vpn-1"]]);
  });

  it.each([
    [
      "two could be it",
      container("c", `container:${gone}`, service("c", "vpn:service_started:true,db:service_started:true")),
    ],
    ["nothing tells", container("c", `container:${gone}`)],
    ["it is of another project", container("c", `container:${gone}`, service("c", "vpn:service_started:true", "work"))],
    ["nobody is gone", container("c", `container:${vpn.Id}`, service("c", "vpn:service_started:true"))],
  ])("is unknown where %s", (_, child) => {
    expect([...successorsOf([child, vpn, container("home-db-1", "bridge", service("db"))])]).toEqual([]);
  });

  it("has those as its dependants that still refer to the one that is gone", () => {
    const child = container("c", `container:${gone}`, service("c", "vpn:service_started:false"));

    expect(dependantsFor(vpn, [vpn, child])).toMatchObject({ dependants: { recreate: ["c"] } });
  });
});
