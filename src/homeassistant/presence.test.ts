import { describe, expect, it } from "vitest";
import { createPresence } from "./presence.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** A presence, and what passes the time. */
function setting() {
  let time = 0;
  return {
    ...createPresence(() => time),
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe("Home Assistant", () => {
  it("is taken to be there where it has said nothing since the connection, after the time that it takes to start", () => {
    const { begin, wouldHear, pass } = setting();
    begin();
    pass(2 * minute - 1);
    expect(wouldHear()).toBe(false);
    pass(1);
    expect(wouldHear()).toBe(true);

    begin();
    expect(wouldHear()).toBe(false);
  });

  it("is there a minute after its birth: it has to know a device first to remove it", () => {
    const { hear, wouldHear, pass } = setting();
    hear("online");
    expect(wouldHear()).toBe(false);
    pass(minute);

    expect(wouldHear()).toBe(true);
  });

  it("is not there after its will until its birth, whatever happens to the connection and however often it is said", () => {
    const { begin, hear, wouldHear, pass } = setting();
    pass(day);
    hear("offline");
    begin();
    pass(6 * day);
    hear("offline");
    expect(wouldHear()).toBe(false);

    hear("online");
    pass(minute);
    expect(wouldHear()).toBe(true);
  });

  it("is not waited for for ever", () => {
    const { hear, wouldHear, pass } = setting();
    hear("offline");
    pass(7 * day);

    expect(wouldHear()).toBe(true);
  });

  it("is not heard in anything else", () => {
    const { hear, wouldHear, pass } = setting();
    pass(2 * minute);
    hear("");
    hear("restarting");

    expect(wouldHear()).toBe(true);
  });
});
