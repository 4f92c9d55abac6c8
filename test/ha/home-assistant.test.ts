import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { testCommands } from "./commands.ts";
import { testDepartures } from "./departures.ts";
import { testEntities } from "./entities.ts";
import { type Home, openHome } from "./home.ts";
import { complaintsOf } from "./log.ts";
import { testOutages } from "./outages.ts";

/*
 * Gangway as Home Assistant sees it. Home Assistant starts slowly: all suites share one, and leave it as they found it.
 */

let home: Home;

beforeAll(async () => {
  home = await openHome();
});
afterAll(async () => {
  await home?.[Symbol.asyncDispose]();
});
afterEach(async () => {
  const complaints = await complaintsOf(home);
  await home.homeAssistant.clearLog();

  expect(complaints).toEqual([]);
});

describe("the entities of a small host", () => testEntities(() => home));
describe("commands from Home Assistant", () => testCommands(() => home));
describe("what goes", () => testDepartures(() => home));
describe("deaths and restarts", () => testOutages(() => home));
