import { describe, expect, it } from "vitest";
import type { Halt } from "../core/backup-journal.ts";
import type { ContainerInspect } from "../core/inspect.ts";
import { GangwayError } from "../lib/errors.ts";
import { type Halting, haltAll, requireHalted, requireNoWriters, resumeAll } from "./halts.ts";

type State = "running" | "paused" | "stopped" | "gone";

interface Situation {
  readonly state: State;
  readonly startedAt?: string;
}

const signal = new AbortController().signal;
const halt = (container: string, deed: Halt["deed"] = "stop"): Halt => ({
  ...{ container, id: container, deed, startedAt: "1" },
});

/** An engine with containers of one volume; gives what was done to them. */
function engineWith(containers: Readonly<Record<string, Situation>>) {
  const calls: string[] = [];
  const now = new Map(Object.entries(containers));
  const does =
    (deed: string, state: State) =>
    (id: string): Promise<void> => {
      calls.push(`${deed} ${id}`);
      now.set(id, { startedAt: "1", ...now.get(id), state });
      return Promise.resolve();
    };
  const inspect = (id: string): Promise<ContainerInspect> => {
    const { state, startedAt = "1" } = now.get(id) ?? { state: "gone" };
    if (state === "gone") return Promise.reject(new GangwayError("engine_not_found", "no such container"));
    const mount = { Type: "volume", Name: "data", Source: "", Destination: "/data", RW: true };
    return Promise.resolve({
      ...{ Id: id, Name: `/${id}`, Mounts: [mount], HostConfig: {}, Config: {} },
      State: { Running: state !== "stopped", Paused: state === "paused", StartedAt: startedAt },
    } as unknown as ContainerInspect);
  };
  const engine = {
    inspect,
    list: () =>
      Promise.resolve([...now.keys()].map((id) => ({ id, name: id, state: "running" as const, imageId: "" }))),
    stop: does("stop", "stopped"),
    pause: does("pause", "paused"),
    start: does("start", "running"),
    unpause: does("unpause", "running"),
  };
  return { engine, calls };
}

describe("halting", () => {
  it("goes from the last to the first, and notes each before it is stopped, with the time of its last start", async () => {
    const { engine, calls } = engineWith({ web: { state: "running" }, child: { state: "running", startedAt: "2" } });
    const noted: Halting[] = [];

    await haltAll({ engine }, [halt("web"), halt("child")], async (halting) => void noted.push(halting), signal);

    expect(calls).toEqual(["stop child", "stop web"]);
    expect(noted.map(({ begun }) => begun)).toEqual([1, 2]);
    expect(noted[0]?.halts.map(({ startedAt }) => startedAt)).toEqual(["1", "2"]);
  });

  it.each(["stopped", "paused", "gone"] as const)("leaves one alone that is %s meanwhile", async (state) => {
    const { engine, calls } = engineWith({ web: { state } });
    const noted: Halting[] = [];

    const halting = haltAll({ engine }, [halt("web")], async (now) => void noted.push(now), signal);

    await expect(halting).rejects.toMatchObject({
      code: "backup_failed",
      message: expect.stringContaining("web when the backup was about to; ask again"),
    });
    expect(calls).toEqual([]);
    expect(noted).toEqual([]);
  });
});

describe("what was read is of one moment", () => {
  it.each<readonly [string, Situation, Halt["deed"], string | undefined]>([
    ["is stopped", { state: "stopped" }, "stop", undefined],
    ["is paused", { state: "paused" }, "pause", undefined],
    ["runs", { state: "running" }, "stop", "started web"],
    ["was started and stopped", { state: "stopped", startedAt: "2" }, "stop", "started web"],
    ["was unpaused", { state: "running" }, "pause", "started web"],
    ["was started and paused", { state: "paused", startedAt: "2" }, "pause", "started web"],
    ["is gone", { state: "gone" }, "stop", "removed web"],
  ])("or not, where a container %s", async (_, situation, deed, reason) => {
    const checking = requireHalted(engineWith({ web: situation }), [halt("web", deed)], signal);

    if (reason === undefined) await checking;
    else {
      await expect(checking).rejects.toMatchObject({
        code: "backup_failed",
        message: expect.stringContaining(`somebody ${reason} while`),
      });
    }
  });

  it.each<readonly [string, Situation, "stop" | "live", boolean]>([
    ["runs now", { state: "running" }, "stop", false],
    ["runs, where it is read live", { state: "running" }, "live", true],
    ["is paused", { state: "paused" }, "stop", true],
    ["is stopped", { state: "stopped" }, "stop", true],
  ])("or not, where another one that writes to it %s", async (_, situation, consistency, isFine) => {
    const containers = engineWith({ web: { state: "stopped" }, other: situation });
    const sources = { consistency, volumes: ["data"], binds: [], isNeeded: () => false };
    const checking = requireNoWriters(containers, sources, signal);

    if (isFine) await checking;
    else await expect(checking).rejects.toMatchObject({ message: expect.stringContaining("somebody started other") });
  });

  it("though one that Gangway needs goes on, as was said", async () => {
    const sources = { consistency: "stop" as const, volumes: ["data"], binds: [], isNeeded: () => true };

    await requireNoWriters(engineWith({ own: { state: "running" } }), sources, signal);
  });
});

describe("resuming", () => {
  it.each<readonly [string, Situation, Halt["deed"], readonly string[], string | undefined]>([
    ["is stopped", { state: "stopped" }, "stop", ["start web"], undefined],
    ["is paused", { state: "paused" }, "pause", ["unpause web"], undefined],
    ["runs", { state: "running", startedAt: "2" }, "stop", [], undefined],
    ["was started and stopped", { state: "stopped", startedAt: "2" }, "stop", [], "is left alone"],
    ["was started and paused", { state: "paused", startedAt: "2" }, "pause", [], "is left alone"],
    ["is gone", { state: "gone" }, "stop", [], "removed web"],
  ])("of one that %s", async (_, situation, deed, expected, sentence) => {
    const { engine, calls } = engineWith({ web: situation });

    const sentences = await resumeAll({ engine }, { halts: [halt("web", deed)], begun: 1, step: "reading" }, signal);

    expect(calls).toEqual(expected);
    expect(sentences).toEqual(sentence === undefined ? [] : [expect.stringContaining(sentence)]);
  });
});
