import { describe, expect, it } from "vitest";
import { runningContainer } from "../../test/running-container.ts";
import type { Container } from "../core/container.ts";
import type { Engine, Registry } from "../core/ports.ts";
import { rememberRemoteImages } from "../files/remote-images.ts";
import { createInventory } from "../inventory/store.ts";
import { GangwayError } from "../lib/errors.ts";
import { checkForUpdates } from "./check.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const container = (name: string, imageId: string, image = `${name}:1`): Container =>
  runningContainer(name, { image, imageId });
const signal = new AbortController().signal;

function setting(fault: (imageId: string) => Error | undefined) {
  const inventory = createInventory();
  const underWay = { now: 0, most: 0 };
  const engine = {
    inspectImage: (id: string) => {
      const error = fault(id);
      if (error !== undefined) return Promise.reject(error);
      const name = id.replace("image-", "");
      const platform = { Os: "linux", Architecture: "amd64" };
      return Promise.resolve({
        Id: id,
        RepoTags: [],
        RepoDigests: [`${name}@${digest("a")}`],
        Config: {},
        ...platform,
      });
    },
  } as unknown as Engine;
  const registry: { digestOf: Registry["digestOf"] } = {
    digestOf: async () => {
      underWay.now += 1;
      underWay.most = Math.max(underWay.most, underWay.now);
      await new Promise((resolve) => setImmediate(resolve));
      underWay.now -= 1;
      return digest("a");
    },
  };
  const remoteImages = rememberRemoteImages();
  const deps = { engine, registry, remoteImages, inventory, clock: { now: () => 0 } } as never;
  return {
    inventory,
    underWay,
    registry,
    check: () => checkForUpdates(deps, { kind: "check" }, signal),
    statuses: () => Object.fromEntries(inventory.all().map((entry) => [entry.container.name, entry.check?.status])),
  };
}

describe("a check", () => {
  it("goes on for the others where the engine can't tell about one image", async () => {
    const { inventory, check, statuses } = setting((id) =>
      id === "image-odd" ? new GangwayError("engine_answer_invalid", "not its own") : undefined,
    );
    inventory.putContainer(container("web", "image-web"));
    inventory.putContainer(container("odd", "image-odd"));
    inventory.putContainer(container("fixed", "image-odd", `fixed@${digest("b")}`));

    expect(await check()).toMatchObject({ state: "done", message: expect.stringContaining("3 checked") });

    expect(statuses()).toEqual({ fixed: "pinned", odd: "unknown_local_digest", web: "up_to_date" });
    expect(inventory.get("odd")?.check?.reason).toContain("not its own");
  });

  it("fails and changes nothing where the engine is away", async () => {
    const away = new GangwayError("engine_unreachable", "no answer");
    const { inventory, check, statuses } = setting(() => away);
    inventory.putContainer(container("web", "image-web"));
    inventory.putContainer(container("db", "image-db"));

    await expect(check()).rejects.toBe(away);

    expect(statuses()).toEqual({ db: undefined, web: undefined });
    expect(inventory.node().lastCheck).toBeUndefined();
  });

  it("keeps to itself what a registry does not tell that wants to be left alone", async () => {
    const { inventory, check, registry, statuses } = setting(() => undefined);
    registry.digestOf = () => Promise.reject(new GangwayError("registry_limited", "too many requests"));
    for (const name of ["a", "b", "c"]) inventory.putContainer(container(name, `image-${name}`));

    await check();

    expect(statuses()).toEqual({ a: "registry_error", b: "registry_error", c: "registry_error" });
  });

  it("does not ask in the same order each time, so that a limit does not always meet the same containers", async () => {
    const { inventory, check, registry } = setting(() => undefined);
    for (let index = 0; index < 20; index++) inventory.putContainer(container(`app${index}`, `image-app${index}`));
    let order: string[] = [];
    registry.digestOf = ({ repository }) => {
      order.push(repository);
      return Promise.resolve(digest("a"));
    };
    const orders = new Set<string>();
    for (let round = 0; round < 5; round++) {
      order = [];
      await check();
      orders.add(order.join());
    }

    expect(orders.size).toBeGreaterThan(1);
  });

  it("leaves it to the registry how many questions are under way", async () => {
    const { inventory, check, underWay } = setting(() => undefined);
    for (let index = 0; index < 20; index++) inventory.putContainer(container(`app${index}`, `image-app${index}`));

    await check();

    expect(underWay.most).toBe(20);
  });
});
