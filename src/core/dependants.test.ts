import { describe, expect, it } from "vitest";
import { dependantsFor } from "./dependants.ts";
import type { ContainerInspect } from "./inspect.ts";

function container(name: string, host: object = {}, Labels: Readonly<Record<string, string>> = {}): ContainerInspect {
  return {
    Id: Buffer.from(name).toString("hex").padEnd(64, "0"),
    Name: `/${name}`,
    Config: { Image: "app", Labels },
    HostConfig: { NetworkMode: "bridge", ...host },
  } as unknown as ContainerInspect;
}

const within = (parent: string) => ({ NetworkMode: `container:${parent}` });
const service = (name: string, dependsOn = ""): Readonly<Record<string, string>> => ({
  "com.docker.compose.project": "home",
  "com.docker.compose.service": name,
  "com.docker.compose.depends_on": dependsOn,
});

function groupOf(target: ContainerInspect, ...others: readonly ContainerInspect[]) {
  const grouping = dependantsFor(target, [target, ...others]);
  return grouping.kind === "group" ? grouping.dependants : grouping;
}

describe("dependantsFor", () => {
  it("finds nobody where nobody depends on it", () => {
    expect(groupOf(container("web"), container("db"))).toEqual({ recreate: [], restart: [] });
  });

  it("lists those of those, each after what it depends on, whatever the engine's order", () => {
    const grandchild = container("c", within("b"));
    const child = container("b", within("a"));
    const other = container("d", { ...within("a"), PidMode: "container:c" });

    expect(groupOf(container("a"), other, grandchild, child)).toMatchObject({ recreate: ["b", "c", "d"] });
  });

  it("takes a link to a member of the group into account", () => {
    const linked = container("linked", { Links: ["/child:/linked/gate"] });

    expect(groupOf(container("a"), linked, container("child", within("a")))).toMatchObject({
      recreate: ["child", "linked"],
    });
  });

  it("restarts what compose says is to be restarted, in its project only", () => {
    const target = container("home-db-1", {}, service("db"));
    const restarted = container("home-web-1", {}, service("web", "db:service_healthy:true"));
    const indifferent = container(
      "home-job-1",
      {},
      service("job", "db:service_started:false,cache:service_started:true"),
    );
    const foreign = { ...service("web", "db:service_healthy:true"), "com.docker.compose.project": "work" };

    expect(groupOf(target, restarted, indifferent, container("work-web-1", {}, foreign))).toEqual({
      recreate: [],
      restart: ["home-web-1"],
    });
  });

  it("restarts what names it in a label, and what depends on that", () => {
    const one = container("one", {}, { "gangway.depends-on": "web, db" });
    const two = container("two", {}, { "com.centurylinklabs.watchtower.depends-on": "/one" });

    expect(groupOf(container("web"), two, one)).toMatchObject({ restart: ["one", "two"] });
  });

  it("does not restart what is recreated anyway", () => {
    const child = container("child", within("web"), { "gangway.depends-on": "web" });

    expect(groupOf(container("web"), child)).toEqual({ recreate: ["child"], restart: [] });
  });

  it("names a circle", () => {
    const one = container("one", {}, { "gangway.depends-on": "two" });
    const two = container("two", {}, { "gangway.depends-on": "one" });

    expect(groupOf(one, two)).toMatchObject({ kind: "cycle", names: ["one", "two", "one"] });
  });
});
