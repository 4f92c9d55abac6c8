import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loaded } from "../../test/configuration.ts";
import { maskedConfig } from "./mask.ts";

const yaml = `
node: nas
mqtt:
  url: mqtt://me:first-secret@broker
  embedded: { username: ha, password: second-secret, listen: "[::1]:0" }
registries:
  - { host: ghcr.io, username: me, password: third-secret }
  - { host: quay.io, token: fourth-secret }
check: { schedule: 90m }
stats: { interval: 0 }
containers: { exclude: ["*-test"] }
`;

describe("maskedConfig", () => {
  it("shows every key and no secret", () => {
    const text = maskedConfig(loaded({ yaml }));

    expect(text).not.toContain("secret");
    expect(parse(text)).toMatchObject({
      mqtt: { url: "mqtt://broker", username: "me", password: "***", embedded: { password: "***", listen: "[::1]:0" } },
      registries: [{ password: "***" }, { token: "***" }],
      check: { schedule: "90m", concurrency: 5 },
      stats: { interval: "0s" },
    });
  });

  it("is a configuration again, with the same meaning", () => {
    const config = loaded({ yaml });
    const masked = maskedConfig(config).replaceAll('"***"', "secret");
    const again = loaded({ yaml: masked });

    expect({ ...again, mqtt: undefined, registries: undefined }).toEqual({
      ...config,
      mqtt: undefined,
      registries: undefined,
    });
    expect(loaded({ yaml: maskedConfig(loaded()) })).toEqual(loaded());
  });

  it("keeps the order of the documentation", () => {
    expect(Object.keys(parse(maskedConfig(loaded())) as object).slice(0, 4)).toEqual([
      "data_dir",
      "mqtt",
      "discovery",
      "engines",
    ]);
  });
});
