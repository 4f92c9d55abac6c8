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
/** These come for each volume. */
const repeated = ["create volume", "create helper", "write", "remove helper"];

describe("a restore that is cut off", () => {
  it.each(cases.filter(([, nth, call]) => nth === 1 || repeated.includes(call)))(
    "leaves all or nothing: %s call %i of %s",
    async (moment, nth, name) => {
      const seen = new Set<number>();
      let isDead = false;
      proxy.onRequest((call) => {
        if (isDead) return "cut";
        if (calls[name]?.(call) === true) seen.add(call.number);
        isDead = moment === "before" && seen.size === nth;
        return isDead ? "cut" : "pass";
      });
      proxy.onResponse(({ number }) => {
        isDead ||= moment === "after" && seen.size === nth && seen.has(number);
        return isDead ? "cut" : "pass";
      });

      await backups.restore({ container: "web", file }).catch(() => {});
      expect(isDead).toBe(true);
      proxy.onRequest(undefined);
      proxy.onResponse(undefined);
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
