import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import type { EngineCall } from "../bed/engine-proxy.ts";
import { eventually } from "../bed/wait.ts";
import type { Behaviour } from "../crash/calls.ts";
import { askForUpdate, end, recover, resultOf, settle } from "../crash/lives.ts";
import { type Lab, openLab, openRound, type Round, type RoundOptions } from "../crash/round.ts";
import { withFullDisk } from "../full-disk.ts";

/*
 * What people do to the containers of an update while it is under way, or while Gangway lies dead in the middle of one.
 */

/** Several at once share the machine: each of them takes long. */
const timeout = 120_000;

let bed: Bed;
let lab: Lab;

beforeAll(async () => {
  bed = await openBed({ engine: true, registry: true, broker: true });
  lab = await openLab(bed);
});
afterAll(() => bed?.[Symbol.asyncDispose]());

const open = (behaviour: Behaviour, options: RoundOptions = {}): Promise<Round> =>
  openRound(lab, { subject: "running", behaviour, policy: "always" }, options);
const container = (name: string) => bed.engine.docker.getContainer(name);

/** Names that have to do with the round. */
async function names({ node }: Round): Promise<readonly string[]> {
  const list = await bed.engine.docker.listContainers({ all: true });
  return list.flatMap(({ Names }) => Names.filter((name) => name.includes(node))).sort();
}

interface Hold {
  /** Resolves when the call has come. */
  readonly reached: Promise<void>;
  /** Lets it pass. */
  readonly release: () => void;
}

/** Holds the first call that `matches` before the engine hears of it. */
function hold({ proxy }: Round, matches: (call: EngineCall) => boolean): Hold {
  const reached = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<"pass">();
  let isDone = false;
  proxy.onRequest((call) => {
    if (isDone || !matches(call)) return "pass";
    isDone = true;
    reached.resolve();
    return passed.promise;
  });
  return { reached: reached.promise, release: () => passed.resolve("pass") };
}

const isRemoval = ({ method, path }: EngineCall): boolean => method === "DELETE" && path.startsWith("/containers/");
const isPull = ({ path }: EngineCall): boolean => path.startsWith("/images/create");
const isCreation = ({ path }: EngineCall): boolean => path.startsWith("/containers/create");
const isStartOf =
  (id: string) =>
  ({ path }: EngineCall): boolean =>
    path.startsWith(`/containers/${id}/start`);

/** The first look at the new container after its start: its gate is noted by then. */
function isGateOf({ proxy }: Round): (call: EngineCall) => boolean {
  return ({ method, path }) => {
    const isStarted = proxy.calls().some(({ path: other, status }) => other.endsWith("/start") && status !== null);
    return method === "GET" && isStarted && /^\/containers\/[0-9a-f]{64}\/json/.test(path);
  };
}

type Step = "verifying" | "committed" | "rolling_back";

/** Lets Gangway die in the middle of an update, at `step`: the old container is put aside, the new one has its name. */
async function dieAt(step: Step): Promise<Round & { readonly aside: string }> {
  const round = await open(step === "rolling_back" ? "crash-looping" : "good");
  await using gangway = await round.start();
  const held = hold(round, step === "verifying" ? isGateOf(round) : isRemoval);
  await askForUpdate(round);
  await held.reached;
  await eventually(() => round.steps()[0] === step, "the step to be noted", 20_000);
  await gangway.kill();
  held.release();
  const [operation = ""] = round.journal();
  return { ...round, aside: `${round.originals[0].name}.gw-old-${operation.replace(".json", "")}` };
}

const steps = ["verifying", "committed", "rolling_back"] as const;

describe.concurrent("while Gangway lies dead in an update that was", { timeout }, () => {
  it.for(steps)("%s, the old container that somebody took up again goes on, with its policy", async (step) => {
    await using round = await dieAt(step);
    const [{ name, id }] = round.originals;
    await container(name).stop();
    await container(name).rename({ name: `${name}-broken` });
    await container(id).rename({ name });
    await container(id).start();
    const { StartedAt: startedAt } = (await container(id).inspect()).State;

    const { message } = await recover(round);

    expect(message).toContain(`${name}-broken`);
    expect(await names(round)).toEqual([`/${name}`, `/${name}-broken`]);
    expect(await container(name).inspect()).toMatchObject({
      Id: id,
      State: { Running: true, StartedAt: startedAt },
      HostConfig: { RestartPolicy: { Name: "always" } },
    });
  });

  it.for(steps)("%s, somebody removed the new container: the old one is back", async (step) => {
    await using round = await dieAt(step);
    const [{ name, id }] = round.originals;
    await container(name).remove({ force: true });

    const { message } = await recover(round);

    expect(message).toMatch(step === "rolling_back" ? /was rolled back/ : /somebody removed the new container/);
    expect(await names(round)).toEqual([`/${name}`]);
    expect(await container(name).inspect()).toMatchObject({
      Id: id,
      State: { Running: true },
      HostConfig: { RestartPolicy: { Name: "always" } },
    });
  });

  it.for(steps)(
    "%s, somebody gave the name to a third container: it goes on, and the old one is kept",
    async (step) => {
      await using round = await dieAt(step);
      const [{ name, id }] = round.originals;
      await container(name).remove({ force: true });
      const third = await runContainer(bed.engine.docker, name, lab.base);

      const { message } = await recover(round);

      expect(message).toContain(`Another container has taken the name ${name}`);
      expect(message).toContain(round.aside);
      expect(await names(round)).toEqual([`/${name}`, `/${round.aside}`]);
      expect(await container(name).inspect()).toMatchObject({ Id: third.id, State: { Running: true } });
      expect(await container(round.aside).inspect()).toMatchObject({ Id: id, State: { Running: false } });
    },
  );

  it("verifying, somebody removed both containers: that is said, and nothing more is tried", async () => {
    await using round = await dieAt("verifying");
    const [{ name }] = round.originals;
    for (const each of [name, round.aside]) await container(each).remove({ force: true });

    const result = await recover(round);

    expect(result).toMatchObject({
      state: "failed",
      message: expect.stringContaining("removed the old container and"),
    });
    expect(await names(round)).toEqual([]);
  });
});

describe.concurrent("while an update is under way", { timeout }, () => {
  it("and verified, the old container is pruned and the new one fails: the new one stays", async () => {
    await using round = await open("unhealthy");
    const [{ name, id }] = round.originals;
    await using gangway = await round.start();
    const gate = hold(round, isGateOf(round));
    await askForUpdate(round);
    await gate.reached;
    await container(id).remove();
    gate.release();

    const result = await resultOf(round);

    expect(result).toMatchObject({
      state: "failed",
      message: expect.stringContaining("new one was left in its place"),
    });
    expect(await names(round)).toEqual([`/${name}`]);
    expect(await container(name).inspect()).toMatchObject({
      State: { Running: true },
      HostConfig: { RestartPolicy: { Name: "always" } },
    });
    await settle(round);
    await end(gangway);
  });

  it("and verified, somebody removes both containers: that is said, and nothing more is tried", async () => {
    await using round = await open("good");
    const [{ name, id }] = round.originals;
    await using gangway = await round.start();
    const gate = hold(round, isGateOf(round));
    await askForUpdate(round);
    await gate.reached;
    for (const each of [name, id]) await container(each).remove({ force: true });
    gate.release();

    expect(await resultOf(round)).toMatchObject({
      state: "failed",
      message: expect.stringContaining(`Somebody removed ${name} in the meantime`),
    });
    expect(await names(round)).toEqual([]);
    await expect.poll(() => round.journal(), { timeout: 10_000 }).toEqual([]);
    await end(gangway);
  });

  it("and pulls, somebody stops the container: it stays stopped", async () => {
    await using round = await open("good");
    const inspect = await updateWith(round, isPull, (name) => container(name).stop());

    expect(inspect.State).toMatchObject({ Running: false });
    expect(inspect.Id).not.toBe(round.originals[0].id);
  });

  it("and pulls, somebody pauses the container: it stays paused", async () => {
    await using round = await open("good");
    const inspect = await updateWith(round, isPull, (name) => container(name).pause());

    expect(inspect.State).toMatchObject({ Running: true, Paused: true });
    expect(inspect.Id).not.toBe(round.originals[0].id);
  });

  it("and pulls, somebody changes the restart policy: the new container has the new one", async () => {
    await using round = await open("good");
    const inspect = await updateWith(round, isPull, (name) =>
      container(name).update({ RestartPolicy: { Name: "unless-stopped" } }),
    );

    expect(inspect.HostConfig.RestartPolicy?.Name).toBe("unless-stopped");
    expect(inspect.Id).not.toBe(round.originals[0].id);
  });

  it("and creates, somebody stops the container and changes its policy: it stays so, and is not replaced", async () => {
    await using round = await open("good");
    const inspect = await updateWith(round, isCreation, async (name) => {
      await container(name).stop();
      await container(name).update({ RestartPolicy: { Name: "unless-stopped" } });
    });

    expect(inspect).toMatchObject({
      Id: round.originals[0].id,
      State: { Running: false },
      HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
    });
  });

  it("and is rolled back, another container has taken the port: Gangway succeeds once that is free", async () => {
    const port = {
      ExposedPorts: { "80/tcp": {} },
      HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "18080" }] } },
    };
    await using round = await open("crash-looping", { container: port });
    const [{ name, id }] = round.originals;
    await using gangway = await round.start();
    const start = hold(round, isStartOf(id));
    await askForUpdate(round);
    await start.reached;
    const other = await runContainer(bed.engine.docker, `other-${round.node}`, lab.base, port);
    start.release();
    const { message } = await resultOf(round);
    expect(message).toContain("Gangway keeps trying");

    await other.remove({ force: true });

    await settle(round);
    expect(await container(name).inspect()).toMatchObject({
      Id: id,
      State: { Running: true },
      HostConfig: { RestartPolicy: { Name: "always" } },
    });
    await end(gangway);
  });

  it("and the disk is full when it is rolled back, the old container is back all the same", async () => {
    const dataDir = `${bed.directory}/small-disk`;
    await using disk = await withFullDisk(dataDir);
    await using round = await open("crash-looping", { dataDir });
    const [{ name, id }] = round.originals;
    await using gangway = await round.start();
    const gate = hold(round, isGateOf(round));
    await askForUpdate(round);
    await gate.reached;
    await disk.fill();
    gate.release();

    expect(await resultOf(round)).toMatchObject({ state: "rolled_back" });
    expect(gangway.log().map(({ msg }) => msg)).toContain("the rollback could not be noted");
    expect(await container(name).inspect()).toMatchObject({ Id: id, State: { Running: true } });
    expect(await names(round)).toEqual([`/${name}`]);
    await settle(round);
    await end(gangway);
  });

  it("and is undone at the start of Gangway, SIGTERM waits for the old container to be back", async () => {
    await using round = await dieAt("rolling_back");
    const [{ name, id }] = round.originals;
    await using gangway = await round.start();
    const start = hold(round, isStartOf(id));
    await start.reached;

    const stopped = gangway.stop();
    start.release();

    expect(await stopped).toBe(0);
    expect(await container(name).inspect()).toMatchObject({ Id: id, State: { Running: true } });
    expect(await names(round)).toEqual([`/${name}`]);
    expect(round.journal()).toEqual([]);
  });
});

describe("an engine that came up again in the wrong order", () => {
  it("has given up a child whose parent was not there yet: it runs again", { timeout }, async () => {
    await using round = await openRound(lab, { subject: "group", behaviour: "good", policy: "always" });
    const [parent, child] = round.originals;
    if (child === undefined) throw new Error("the group has no child");
    await using first = await round.start();
    const creation = hold(round, (call) => isCreation(call) && call.path.includes(child.name));
    await askForUpdate(round);
    await creation.reached;
    await first.kill();
    creation.release();
    for (const { name } of [child, parent]) await container(name).stop();
    await expect(container(child.name).start()).rejects.toThrow("non running container");
    await container(parent.name).start();

    await recover(round);

    for (const { name, id } of round.originals) {
      expect(await container(name).inspect()).toMatchObject({ Id: id, State: { Running: true } });
    }
    expect(await names(round)).toEqual([`/${child.name}`, `/${parent.name}`]);
  });
});

describe("a Gangway that has lost its notes", () => {
  it("touches nothing, but says how to bring a container back that was left under its temporary name", async () => {
    await using round = await open("good");
    const [{ name, id }] = round.originals;
    await using first = await round.start();
    const second = hold(round, ({ path }) => path.includes(`/rename?name=${name}`) && !path.includes(".gw-"));
    await askForUpdate(round);
    await second.reached;
    await first.kill();
    second.release();
    await rm(join(round.dataDir, "journal"), { recursive: true });

    await using gangway = await round.start();
    const { advice } = await gangway.logged(({ msg }) => msg.includes("has no notes of"));

    const aside = /^bring it back: docker rename (\S+) (\S+) && docker start \2$/.exec(String(advice));
    expect(aside?.[2]).toBe(name);
    expect((await container(aside?.[1] ?? "").inspect()).Id).toBe(id);
    await end(gangway);
  });
});

/** Does something while the first call that `matches` is held; gives the container when the update has ended. */
async function updateWith(
  round: Round,
  matches: (call: EngineCall) => boolean,
  act: (name: string) => Promise<unknown>,
) {
  const [{ name }] = round.originals;
  await using gangway = await round.start();
  const held = hold(round, matches);
  await askForUpdate(round);
  await held.reached;
  await act(name);
  held.release();
  await resultOf(round);
  await settle(round);
  expect(await names(round)).toEqual([`/${name}`]);
  await end(gangway);
  return await container(name).inspect();
}
