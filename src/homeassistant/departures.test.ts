import { describe, expect, it } from "vitest";
import type { Entry } from "../core/ports.ts";
import { createDepartures } from "./departures.ts";

const last = { container: { name: "web" } } as Entry;
const hour = 3_600_000;

function setting(known: readonly (readonly [string, string | null])[] = []) {
  let time = Date.parse("2026-01-01T00:00:00Z");
  let saved: ReadonlyMap<string, string | null> = new Map(known);
  const departures = createDepartures(
    {
      load: () => saved,
      save: (devices) => {
        saved = new Map(devices);
      },
    },
    24 * hour,
    () => time,
  );
  return {
    departures,
    saved: () => Object.fromEntries(saved),
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe("departures", () => {
  it("keeps a device for its grace, and then wants it removed until it is struck off", () => {
    const { departures, pass, saved } = setting();
    departures.arrived("web");
    departures.left("web", last);

    pass(24 * hour - 1);
    expect(departures.due()).toEqual([]);
    pass(1);

    expect(departures.due()).toEqual(["web"]);
    expect(departures.due()).toEqual(["web"]);
    expect(Object.keys(saved())).toEqual(["web"]);
    expect(departures.strike("web")).toBe(true);
    expect(departures.strike("web")).toBe(false);
    expect(departures.due()).toEqual([]);
    expect(saved()).toEqual({});
  });

  it("forgets the absence of a container that came back", () => {
    const { departures, pass } = setting();
    departures.arrived("web");
    departures.left("web", last);
    departures.arrived("web");

    pass(48 * hour);

    expect(departures.due()).toEqual([]);
  });

  it("does not strike a container off that came back while its device was being removed", () => {
    const { departures, pass, saved } = setting();
    departures.arrived("web");
    departures.left("web", last);
    pass(24 * hour);
    expect(departures.due()).toEqual(["web"]);
    departures.arrived("web");

    expect(departures.strike("web")).toBe(false);
    expect(saved()).toEqual({ web: null });
  });

  it("keeps how a container looked last, until it comes back or is struck off", () => {
    const { departures } = setting();
    departures.arrived("web");
    departures.left("web", last);
    expect(departures.departed()).toEqual([{ name: "web", last }]);

    departures.arrived("web");

    expect(departures.departed()).toEqual([]);
  });

  it("counts from the first absence, over restarts", () => {
    const { departures, pass } = setting([["web", "2025-12-31T12:00:00.000Z"]]);

    departures.takeStock([]);
    pass(12 * hour);

    expect(departures.due()).toEqual(["web"]);
  });

  it("notices who vanished while nobody looked", () => {
    const { departures, saved } = setting([
      ["web", null],
      ["db", null],
    ]);

    departures.takeStock(["db"]);

    expect(departures.departed()).toEqual([{ name: "web" }]);
    expect(saved()).toEqual({ web: "2026-01-01T00:00:00.000Z", db: null });
  });
});
