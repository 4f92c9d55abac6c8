import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BrokerSession } from "../core/ports.ts";
import type { Place } from "./own-topics.ts";
import { createSweep } from "./sweep.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const place: Place = { node: "nas", baseTopic: "gangway", discoveryPrefix: "homeassistant" };

const own = {
  "homeassistant/device/gangway_nas/config": "{}",
  "homeassistant/device/gangway_nas_web/config": "{}",
  "gangway/nas/container/web/state": "{}",
};
/** A sweep over what a broker keeps, by topic. */
function swept(kept: Readonly<Record<string, string>>, former?: Place) {
  const end = new AbortController();
  const cleared: string[] = [];
  const state = { isComplete: true, isSettled: false, filters: [] as readonly string[] };
  const sweep = createSweep({
    place,
    former,
    onSettled: () => {
      state.isSettled = true;
    },
    log: { info: () => {}, warn: () => {} } as never,
  });
  const session = {
    closed: end.signal,
    subscribe: (filters: readonly string[]) => {
      state.filters = filters;
      for (const [topic, payload] of Object.entries(kept)) sweep.hear({ topic, payload, retained: true });
      return Promise.resolve();
    },
    unsubscribe: () => {
      state.filters = [];
      return Promise.resolve();
    },
  } as unknown as BrokerSession;
  const broom = {
    isComplete: () => state.isComplete,
    isWanted: (topic: string) => Object.hasOwn(own, topic),
    clear: (topic: string, onCleared: () => void) => {
      cleared.push(topic);
      onCleared();
    },
  };
  const begin = (): void => sweep.begin(session, broom);
  begin();
  return { cleared, state, sweep, begin, close: () => end.abort() };
}

const stale = {
  "homeassistant/device/gangway_nas_ghost/config": "{}",
  "gangway/nas/container/ghost/state": "{}",
};
const foreign = {
  "homeassistant/device/gangway_nas2/config": "{}",
  "homeassistant/device/gangway_nas2_web3/config": "{}",
  "homeassistant/device/zigbee/config": "{}",
  "gangway/nas2/container/ghost/state": "{}",
};
const before: Place = { node: "old", baseTopic: "docker", discoveryPrefix: "ha" };
const left = {
  "ha/device/gangway_old/config": "{}",
  "ha/device/gangway_old_web/config": "{}",
  "docker/old/container/ghost/update": "{}",
  "docker/old/status": "offline",
};

describe("a sweep", () => {
  it("clears what is the node's own and nobody wants, and nothing else", async () => {
    const { cleared, state } = swept({ ...own, ...stale, ...foreign });
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cleared.sort()).toEqual(Object.keys(stale).sort());
    expect(state).toMatchObject({ isSettled: true, filters: [] });
  });

  it("waits until all containers have been published, and as long as something comes", async () => {
    const { cleared, state, sweep } = swept({ ...own, ...stale });
    state.isComplete = false;
    await vi.advanceTimersByTimeAsync(60_000);
    sweep.hear({ topic: "gangway/nas/container/late/state", payload: "{}", retained: true });
    sweep.hear({ topic: "gangway/nas/container/live/state", payload: "{}", retained: false });
    state.isComplete = true;
    await vi.advanceTimersByTimeAsync(500);
    expect(cleared).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cleared.sort()).toEqual([...Object.keys(stale), "gangway/nas/container/late/state"].sort());
  });

  it("begins again in the next session where this one ended too soon, and only then", async () => {
    const { cleared, begin, state } = swept({ ...own, ...stale });
    await vi.advanceTimersByTimeAsync(2_000);
    cleared.length = 0;

    begin();
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cleared).toEqual([]);
    expect(state.filters).toEqual([]);
    const short = swept({ ...stale });
    short.close();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(short.cleared).toEqual([]);
    expect(short.state.isSettled).toBe(false);
  });

  it("clears the former place where the node, the base topic or the prefix was changed", async () => {
    const { cleared, state } = swept({ ...own, ...foreign, ...left }, before);
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cleared.sort()).toEqual(Object.keys(left).sort());
    expect(state.isSettled).toBe(true);
  });

  it("leaves the former place alone where somebody else has moved in", async () => {
    const { cleared, state } = swept({ ...own, ...stale, ...left, "docker/old/status": "online" }, before);
    await vi.advanceTimersByTimeAsync(2_000);

    expect(cleared.sort()).toEqual(Object.keys(stale).sort());
    expect(state.isSettled).toBe(false);
  });
});
