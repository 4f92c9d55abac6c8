import { describe, expect, it } from "vitest";
import { createLocks, type Lock } from "./locks.ts";

/** Records who got its lock, in order. */
function stage() {
  const locks = createLocks();
  const held = new Map<string, Lock>();
  const order: string[] = [];
  return {
    order,
    ask: (who: string, ...names: readonly string[]): void => {
      void locks.acquire(names).then((lock) => {
        order.push(who);
        held.set(who, lock);
      });
    },
    share: (who: string, shared: string, ...names: readonly string[]): void => {
      void locks.acquire(names, [shared]).then((lock) => {
        order.push(who);
        held.set(who, lock);
      });
    },
    release: (who: string): void => held.get(who)?.[Symbol.dispose](),
    exchange: (who: string, ...names: readonly string[]): void => {
      void held
        .get(who)
        ?.exchange(names)
        .then(() => order.push(`${who} again`));
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

describe("locks", () => {
  it("lets those in at once that want different names", async () => {
    const { ask, order, settle } = stage();
    ask("a", "web");
    ask("b", "db");
    await settle();

    expect(order).toEqual(["a", "b"]);
  });

  it("lets those wait that want a name which is taken, and in their order", async () => {
    const { ask, order, release, settle } = stage();
    ask("a", "web");
    ask("b", "web");
    ask("c", "web");
    await settle();
    expect(order).toEqual(["a"]);
    release("a");
    await settle();
    expect(order).toEqual(["a", "b"]);
  });

  it("takes several names together or not at all", async () => {
    const { ask, order, release, settle } = stage();
    ask("a", "web");
    ask("b", "web", "db");
    ask("c", "cache");
    await settle();
    expect(order).toEqual(["a", "c"]);
    release("a");
    await settle();
    expect(order).toEqual(["a", "c", "b"]);
  });

  it("lets nobody pass who would take a name that an earlier one waits for", async () => {
    const { ask, order, release, settle } = stage();
    ask("a", "web");
    ask("b", "web", "db");
    ask("c", "db");
    await settle();
    expect(order).toEqual(["a"]);
    release("a");
    await settle();
    release("b");
    await settle();
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("lets those in together that share a name, and one that wants it alone only when all of them are gone", async () => {
    const { ask, share, order, release, settle } = stage();
    share("a", "engine", "web");
    share("b", "engine", "db");
    ask("alone", "engine");
    share("c", "engine", "cache");
    ask("d", "nas");
    await settle();
    expect(order).toEqual(["a", "b", "d"]);
    release("a");
    await settle();
    expect(order).toEqual(["a", "b", "d"]);
    release("b");
    await settle();
    expect(order).toEqual(["a", "b", "d", "alone"]);
    release("alone");
    await settle();
    expect(order).toEqual(["a", "b", "d", "alone", "c"]);
  });

  it("keeps the place of one that finds that it needs more names", async () => {
    const { ask, order, exchange, release, settle } = stage();
    ask("a", "web");
    ask("other", "db");
    ask("b", "web");
    await settle();
    exchange("a", "web", "db");
    await settle();
    expect(order).toEqual(["a", "other"]);
    release("other");
    await settle();
    expect(order).toEqual(["a", "other", "a again"]);
    release("a");
    await settle();
    expect(order).toEqual(["a", "other", "a again", "b"]);
  });
});
