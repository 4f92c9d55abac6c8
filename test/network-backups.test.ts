import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openNetworkFiles } from "../src/files/network-files.ts";
import { createLog, createSecrets } from "../src/lib/log.ts";
import { createNetworkShelf } from "../src/operations/networks.ts";
import { networkData } from "./network-data.ts";

it("keeps two backups of a network's definition that begin in the same second", async () => {
  const directory = mkdtempSync(join(tmpdir(), "gangway-networks-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const log = createLog({ level: "error", output: { write: () => {} }, secrets: createSecrets() });
  const clock = { now: () => Date.parse("2026-11-21T18:01:02Z") };
  const networkFiles = openNetworkFiles(directory);
  const shelf = createNetworkShelf({ engine: networkData(), networkFiles, node: "nas", clock, log });
  const { signal } = new AbortController();
  await shelf.backUp("lan", signal);
  await shelf.backUp("lan", signal);

  expect((await shelf.backups()).map(({ file }) => file)).toEqual([
    "network_lan_20261121T180103Z.json",
    "network_lan_20261121T180102Z.json",
  ]);
});
