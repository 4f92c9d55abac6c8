import { describe, expect, it } from "vitest";
import {
  ago,
  all,
  anonymous,
  backup,
  compose,
  container,
  entry,
  hour,
  idOf,
  image,
  imageIdOf,
  network,
  now,
  type RuleFacts,
  restore,
  rules,
  shown,
  volume,
} from "../../../test/prune-things.ts";
import type { CacheRecord, StoredNetwork } from "../disk.ts";
import type { ContainerInspect } from "../inspect.ts";
import { cacheToPrune, containersToPrune, imagesToPrune, networksToPrune, volumesToPrune } from "./plan.ts";

describe("images to prune", () => {
  it("are the dangling ones; with all those with a tag too", () => {
    const images = [image("a", []), image("b", ["app:1"])];

    expect(shown(imagesToPrune(images, rules()))).toEqual([idOf("a").slice(0, 12)]);
    expect(shown(imagesToPrune(images, rules(all)))).toEqual([idOf("a").slice(0, 12), "app:1"]);
    expect(imagesToPrune(images, rules())).toMatchObject([{ id: imageIdOf("a"), bytes: 7, tags: [] }]);
  });

  it("have the repository's name where they have no tag", () => {
    const pulled = image("a", [], { digests: [`docker.io/library/nginx@sha256:${"1".repeat(64)}`] });

    expect(shown(imagesToPrune([pulled], rules()))).toEqual([`nginx ${idOf("a").slice(0, 12)}`]);
  });

  it.each<readonly [string, ReturnType<typeof image>, RuleFacts, string]>([
    ["runs", image("a", ["x:1"]), { containers: [container("web", { runs: "a" })] }, "in_use, web uses it"],
    [
      "runs, though it is stopped, as several do",
      image("a", ["x:1"]),
      { containers: ["a", "b", "c", "d", "e"].map((name) => container(name, { runs: "a" })) },
      "in_use, a, b, c and 2 more use it",
    ],
    [
      "is made from when it is made anew",
      image("a", ["docker.io/library/app:latest"]),
      { containers: [container("web", { image: "app", runs: "older" })] },
      "keep, web is made from docker.io/library/app:latest when it is made anew",
    ],
    [
      "can be rolled back to",
      image("a", ["gangway/keep/web:20260101-000000"]),
      { containers: [container("web")] },
      "keep, web can be rolled back to it",
    ],
    ["held by an operation", image("a", ["gangway/keep:1a2b3c4d"]), {}, "keep, an operation holds it as"],
    ["an update goes to", image("new", ["x:1"]), { journal: [entry] }, "keep, an operation that has not ended"],
    ["an update may go back to", image("old", ["x:1"]), { journal: [entry] }, "keep, an operation that has not ended"],
    ["a tag goes back to", image("retagged", ["x:1"]), { journal: [entry] }, "keep, an operation that has not ended"],
    ["a restore may go back to", image("today", ["x:1"]), { restores: [restore] }, "keep, an operation that has not"],
    ["labelled", image("a", ["x:1"], { labels: { "gangway.prune": "false" } }), {}, "keep, its label gangway.prune"],
    ["in the setting by name", image("a", ["nginx:1"]), { keep: ["nginx"] }, "keep, prune.keep has nginx"],
    ["in the setting by pattern", image("a", ["ghcr.io/a/b:1"]), { keep: ["ghcr.io/**"] }, "keep, prune.keep has"],
    ["just built", image("a", ["x:1"], { createdMs: now - 60_000 }), {}, "keep, it was made within the last five"],
    ["just pulled", image("a", ["x:1"], { createdMs: 0, taggedMs: now }), {}, "keep, it was made within the last five"],
    ["too young", image("a", ["x:1"]), { wish: { all: true, olderThanMs: 49 * hour } }, "keep, it is not old enough"],
  ])("leave out one that a container, or somebody, needs: one %s", (_, subject, facts, expected) => {
    const [item] = imagesToPrune([subject], rules({ ...all, ...facts }));

    expect(`${item?.verdict ?? ""}, ${item?.reason ?? ""}`).toContain(expected);
  });

  it("include what a container that is gone could have been rolled back to, only with all", () => {
    const images = [image("a", ["gangway/keep/gone:20260101-000000"])];

    expect(imagesToPrune(images, rules())).toEqual([]);
    expect(imagesToPrune(images, rules(all))).toMatchObject([{ verdict: "remove" }]);
  });

  it("are old enough by when they were pulled, not by what they say themselves", () => {
    const images = [image("a", [], { createdMs: 0, taggedMs: ago(10) })];
    const verdictAfter = (hours: number) =>
      imagesToPrune(images, rules({ wish: { olderThanMs: hours * hour } }))[0]?.verdict;

    expect(verdictAfter(11)).toBe("keep");
    expect(verdictAfter(9)).toBe("remove");
  });
});

describe("containers to prune", () => {
  it("are those that do not run", () => {
    const statuses = ["exited", "dead", "created", "running", "paused", "restarting", "removing"];

    expect(
      shown(
        containersToPrune(
          statuses.map((status) => container(status, { status })),
          rules(),
        ),
      ),
    ).toEqual([...["exited", "dead", "created"]]);
  });

  it.each<readonly [string, ReturnType<typeof container>, RuleFacts, string]>([
    ["an operation's", container("web.gw-old-1a2b3c4d"), {}, "an operation that has not ended needs it"],
    ["compose's own in between", container("3d4c5b6a7f8e_web"), {}, "an operation that has not ended needs it"],
    ["noted as the old one", container("old-web"), { journal: [entry] }, "an operation that has not ended"],
    ["noted as the new one", container("new-web"), { journal: [entry] }, "an operation that has not ended"],
    ["stopped by a backup", container("db"), { backups: [backup] }, "an operation that has not ended"],
    ["one whose place a restore takes", container("today"), { restores: [restore] }, "an operation that has not ended"],
    ["a backup's own", container("db.gw-backup-1a2b3c4d"), {}, "an operation that has not ended"],
    ["a helper", container("helper"), { journal: [entry] }, "an operation that has not ended"],
    ["Gangway", container("gw"), { ownContainerId: idOf("gw") }, "it is Gangway itself"],
    [
      "Gangway's sibling",
      container("proxy", { labels: compose("ha") }),
      { ownContainerId: idOf("gw"), containers: [container("gw", { labels: compose("ha") })] },
      "it is of the same compose project as Gangway",
    ],
    [
      "the network of another one",
      container("vpn"),
      { containers: [container("app", { host: { NetworkMode: `container:${idOf("vpn")}` } })] },
      "app cannot start without it",
    ],
    ["labelled", container("web", { labels: { "gangway.prune": "no" } }), {}, "its label gangway.prune says so"],
    ["in the setting", container("web"), { keep: ["we*"] }, "prune.keep has we*"],
    ["just made", container("web", { status: "created", made: now - 1_000 }), {}, "within the last five minutes"],
    ["stopped lately", container("web"), { wish: { olderThanMs: 49 * hour } }, "it is not old enough"],
  ])("leave out one that is %s", (_, subject, facts, expected) => {
    const containers = [subject, ...(facts.containers ?? [])];
    const items = containersToPrune([subject], rules({ ...facts, containers }));

    expect(items).toMatchObject([{ verdict: "keep", reason: expect.stringContaining(expected) }]);
  });

  it("include one that was stopped a moment ago: somebody did that", () => {
    expect(containersToPrune([container("web", { finished: now - 1_000 })], rules())).toMatchObject([
      { name: "web", verdict: "remove", bytes: 5 },
    ]);
  });
});

describe("volumes to prune", () => {
  const nameless = "a".repeat(64);

  it("are those without a name of their own; with all the others too", () => {
    const volumes = [volume("data"), volume(nameless), volume("made", { labels: anonymous })];

    expect(shown(volumesToPrune(volumes, rules()))).toEqual([nameless, "made"]);
    expect(shown(volumesToPrune(volumes, rules(all)))).toEqual(["data", nameless, "made"]);
  });

  it.each<readonly [string, ReturnType<typeof volume>, RuleFacts, string]>([
    [
      "that a container uses which was never started",
      volume("data"),
      { containers: [container("web", { status: "created", volumes: ["data"] })] },
      "web uses it",
    ],
    ["that is being restored", volume("made"), { restores: [restore] }, "an operation that has not ended"],
    ["that an operation needs", volume("noted"), { journal: [entry] }, "an operation that has not ended"],
    [
      "of a project that has containers",
      volume("data", { labels: compose("home") }),
      { containers: [container("web", { labels: compose("home") })] },
      "it is of the compose project home, which has containers",
    ],
    ["labelled", volume("data", { labels: { "gangway.prune": "false" } }), {}, "its label gangway.prune"],
    ["in the setting", volume("data"), { keep: ["da*"] }, "prune.keep has da*"],
    ["just made", volume("data", { createdMs: now }), {}, "within the last five minutes"],
    ["too young", volume("data"), { wish: { all: true, olderThanMs: 49 * hour } }, "it is not old enough"],
  ])("leave out one %s", (_, subject, facts, expected) => {
    const [item] = volumesToPrune([subject], rules({ ...all, ...facts }));

    expect(item?.verdict).not.toBe("remove");
    expect(item?.reason).toContain(expected);
  });

  it("leave out one whose age is not known, where an age is asked for", () => {
    const { createdMs: _, ...ageless } = volume("data");

    expect(volumesToPrune([ageless], rules({ wish: { all: true, olderThanMs: 1 } }))).toMatchObject([
      { verdict: "keep", reason: "its age is not known" },
    ]);
    expect(volumesToPrune([ageless], rules(all))).toMatchObject([{ verdict: "remove" }]);
  });
});

describe("networks to prune", () => {
  it("are none of the engine's, of a swarm, or templates for others", () => {
    const networks = [
      ...["bridge", "host", "none", "ingress", "docker_gwbridge"].map((name) => network(name)),
      ...[network("overlay", { scope: "swarm" }), network("template", { isInternal: true }), network("lan")],
    ];

    expect(shown(networksToPrune(networks, rules()))).toEqual(["lan"]);
  });

  it.each<readonly [string, ContainerInspect]>([
    ["by its name", container("web", { networks: { lan: { NetworkID: "" } } })],
    ["by its id", container("web", { networks: { renamed: { NetworkID: idOf("lan") } } })],
    ["as its mode", container("web", { host: { NetworkMode: "lan" } })],
  ])("leave out one that a stopped container knows %s, for the engine would not", (_, user) => {
    expect(networksToPrune([network("lan")], rules({ containers: [user] }))).toMatchObject([
      { verdict: "in_use", reason: "web uses it" },
    ]);
  });

  it.each<readonly [string, StoredNetwork, RuleFacts]>([
    ["is being restored", network("made"), { restores: [restore] }],
    ["an operation needs", network("noted"), { journal: [entry] }],
    [
      "a project with containers may need",
      network("lan", { labels: compose("home") }),
      { containers: [container("web", { labels: compose("home") })] },
    ],
    ["somebody wants to keep", network("lan"), { keep: ["lan"] }],
    ["is labelled", network("lan", { labels: { "gangway.prune": "0" } }), {}],
    ["was just made", network("lan", { createdMs: now }), {}],
  ])("leave out one that %s", (_, subject, facts) => {
    expect(networksToPrune([subject], rules(facts))).toMatchObject([{ verdict: "keep" }]);
  });
});

describe("build cache to prune", () => {
  const record = (id: string, more: Partial<CacheRecord> = {}): CacheRecord => ({
    ...{ id, bytes: 3, description: `RUN ${id}`, type: "regular", isUsed: false, isShared: false, lastUsedMs: ago(2) },
    ...more,
  });
  const records = [
    ...[record("a"), record("b", { isUsed: true }), record("c", { isShared: true }), record("d", { type: "frontend" })],
    record("e", { lastUsedMs: ago(10) }),
  ];

  it("is what BuildKit would remove: with all also what images have", () => {
    expect(shown(cacheToPrune(records, { wish: {}, now }))).toEqual([
      ...["RUN a", "RUN b: in_use, a build uses it", "RUN e"],
    ]);
    expect(
      cacheToPrune(records, { wish: { all: true }, now }).filter(({ verdict }) => verdict === "remove"),
    ).toHaveLength(4);
  });

  it("is old enough by its last use", () => {
    expect(shown(cacheToPrune(records, { wish: { olderThanMs: 5 * hour }, now }))).toContain("RUN e");
    expect(shown(cacheToPrune(records, { wish: { olderThanMs: 5 * hour }, now }))).not.toContain("RUN a");
  });
});
