import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Backups, openBackups } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, runIn } from "../bed/containers.ts";
import { type EngineCall, type EngineProxy, openEngineProxy } from "../bed/engine-proxy.ts";
import { loadImage } from "../bed/images.ts";

/*
 * A restore that is cut off around every call: from then on no call of it comes through, not even one that would tidy up,
 * as if it had died. Who comes after it removes all that was created, or finds that it is whole.
 */

const image = "app:1";
let bed: Bed;
let docker: Docker;
let proxy: EngineProxy;
let backups: Backups;
let file: string;

beforeAll(async () => {
  bed = await openBed({ engine: true });
  docker = bed.engine.docker;
  proxy = await openEngineProxy(bed.engine.socketPath, join(bed.directory, "restore.sock"));
  await loadImage(docker, image, { version: "1" });
  backups = await openBackups(bed, { host: proxy.host });
  await docker.createNetwork({ Name: "lan" } as never);
  const HostConfig = { Binds: ["data:/data", "more:/more"], NetworkMode: "lan" };
  await runContainer(docker, "web", image, { HostConfig });
  await runIn(docker, "web", "sh", "-c", "echo kept > /data/file");
  file = /\S+\.tar\.zst/.exec((await backups.backUp("web")).message)?.[0] ?? "";
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  proxy.onRequest(undefined);
  proxy.onResponse(undefined);
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Name } of (await docker.listVolumes()).Volumes) await docker.getVolume(Name).remove();
  for (const { Name, Id } of await docker.listNetworks()) if (Name === "lan") await docker.getNetwork(Id).remove();
});

const calls: Readonly<Record<string, (call: EngineCall) => boolean>> = {
  "create network": ({ method, path }) => method === "POST" && path.startsWith("/networks/create"),
  "create volume": ({ method, path }) => method === "POST" && path.startsWith("/volumes/create"),
  "create helper": ({ method, path }) => method === "POST" && path.includes("gw-backup-"),
  write: ({ method, path }) => method === "PUT" && path.includes("/archive"),
  "remove helper": ({ method }) => method === "DELETE",
  "create container": ({ method, path }) =>
    method === "POST" && path.startsWith("/containers/create") && path.includes("gw-restore-"),
  rename: ({ path }) => path.includes("/rename"),
  start: ({ path }) => path.includes("/start"),
};
const cases = Object.keys(calls).flatMap((call) =>
  (["before", "after"] as const).flatMap((moment) => [1, 2].map((nth) => [moment, nth, call] as const)),
);
/** In the place of what is there. */
const removals: typeof calls = {
  stop: ({ path }) => path.includes("/stop"),
  "remove container": ({ method, path }) =>
    method === "DELETE" && /^\/containers\/[0-9a-f]{64}/.test(path) && path.includes("force=false"),
  "remove volume": ({ method, path }) => method === "DELETE" && path.startsWith("/volumes/"),
};
/** These come for each volume. */
const repeated = ["create volume", "create helper", "write", "remove helper"];

type Cut = readonly [moment: "before" | "after", nth: number, call: string];

/** Nothing comes through any more around the nth call of this kind. Gives whether it has come to that. */
function cutAround([moment, nth, name]: Cut): () => boolean {
  const isIt = { ...calls, ...removals }[name];
  const seen = new Set<number>();
  let isDead = false;
  proxy.onRequest((call) => {
    if (isDead) return "cut";
    if (isIt?.(call) === true) seen.add(call.number);
    isDead = moment === "before" && seen.size === nth;
    return isDead ? "cut" : "pass";
  });
  proxy.onResponse(({ number }) => {
    isDead ||= moment === "after" && seen.size === nth && seen.has(number);
    return isDead ? "cut" : "pass";
  });
  return () => isDead;
}

function cutNothing(): void {
  proxy.onRequest(undefined);
  proxy.onResponse(undefined);
}

describe("a restore in the place of what is there that is cut off", () => {
  it.each<readonly [Cut, Cut | undefined, "yesterday" | "today"]>([
    [["after", 1, "stop"], undefined, "today"],
    [["before", 1, "remove container"], undefined, "today"],
    [["after", 1, "remove container"], ["after", 1, "start"], "today"],
    [["after", 1, "remove volume"], ["before", 1, "create volume"], "today"],
    [["after", 2, "remove volume"], ["after", 2, "create volume"], "today"],
    [["after", 1, "write"], ["after", 1, "write"], "today"],
    [["after", 1, "create container"], ["after", 1, "create container"], "today"],
    [["before", 1, "rename"], ["after", 1, "rename"], "today"],
    [["after", 1, "rename"], ["before", 1, "start"], "yesterday"],
  ])("has one day or the other, whole: %j, then %j", async (first, second, day) => {
    const HostConfig = { Binds: ["data:/data", "more:/more"] };
    await runContainer(docker, "web", image, { HostConfig });
    await runIn(docker, "web", "sh", "-c", "echo today > /data/file; echo today > /more/file; echo > /more/extra");

    const isDead = cutAround(first);
    await backups.restore({ container: "web", file, volumes: "replace" }).catch(() => {});
    expect(isDead()).toBe(true);
    if (second !== undefined) {
      const isDeadAgain = cutAround(second);
      await backups.recover();
      expect(isDeadAgain()).toBe(true);
    }
    cutNothing();
    await backups.recover();

    expect(await backups.journal()).toEqual([]);
    expect((await docker.listContainers({ all: true })).map(({ Names, State }) => [Names, State])).toEqual([
      [["/web"], "running"],
    ]);
    expect((await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort()).toEqual(["data", "more"]);
    const files = await runIn(docker, "web", "sh", "-c", "cat /data/file; ls /more");
    expect(files).toBe(day === "today" ? "today\nextra\nfile" : "kept");
  });
});

describe("a restore that is cut off", () => {
  it.each(cases.filter(([, nth, call]) => nth === 1 || repeated.includes(call)))(
    "leaves all or nothing: %s call %i of %s",
    async (moment, nth, name) => {
      const isDead = cutAround([moment, nth, name]);

      await backups.restore({ container: "web", file }).catch(() => {});
      expect(isDead()).toBe(true);
      cutNothing();
      await backups.recover();

      expect(await backups.journal()).toEqual([]);
      const names = (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names);
      const isThere = name === "start" || (name === "rename" && moment === "after");
      expect(names).toEqual(isThere ? ["/web"] : []);
      expect((await docker.listVolumes()).Volumes.map(({ Name }) => Name).sort()).toEqual(
        isThere ? ["data", "more"] : [],
      );
      expect((await docker.listNetworks()).filter(({ Name }) => Name === "lan")).toHaveLength(isThere ? 1 : 0);
      if (!isThere) return;
      await docker
        .getContainer("web")
        .start()
        .catch(() => {});
      expect(await runIn(docker, "web", "cat", "/data/file")).toBe("kept");
    },
  );
});
