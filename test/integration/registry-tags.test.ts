import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageReference, parseImageReference } from "../../src/core/image-reference.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { openClient } from "../registry/client.ts";
import { push } from "../registry/push.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ registry: true });
});
afterAll(() => bed?.[Symbol.asyncDispose]());

function referenceTo(repository: string): ImageReference {
  const reference = parseImageReference(`${bed.registry.host}/${repository}`);
  if (reference.kind !== "reference") throw new Error(`${repository} is no repository`);
  return reference;
}

describe("a registry's list of tags", () => {
  it("is read whole, by one request where it has one page", async () => {
    const tags = ["1.0.0", "1.0.10", "1.0.9", "latest"];
    for (const tag of tags) await push(bed.registry, "app", tag, "ociIndex");
    await using client = openClient();
    const ask = () => client.registry.tagsOf(referenceTo("app"), new AbortController().signal);
    await ask();
    bed.registry.clearRequests();

    expect((await ask()).toSorted()).toEqual(tags);
    expect(bed.registry.requests()).toMatchObject([{ method: "GET", status: 200 }]);
  });

  it("is empty where all tags were deleted, and an error where there is no such repository", async () => {
    const { registry } = bed;
    const digest = await push(registry, "emptied", "1", "ociManifest");
    await registry.ask({ method: "DELETE", path: `/v2/emptied/manifests/${digest}` });
    await using client = openClient();
    const { signal } = new AbortController();

    expect(await client.registry.tagsOf(referenceTo("emptied"), signal)).toEqual([]);
    await expect(client.registry.tagsOf(referenceTo("nobody"), signal)).rejects.toMatchObject({
      code: "registry_not_found",
      transient: false,
    });
  });

  it("is no empty one while the registry is down", async () => {
    await push(bed.registry, "there", "1", "ociManifest");
    await using client = openClient();
    bed.registry.failWith({ status: 500 });
    try {
      const { signal } = new AbortController();
      await expect(client.registry.tagsOf(referenceTo("there"), signal)).rejects.toMatchObject({
        code: "registry_failed",
        transient: true,
      });
    } finally {
      bed.registry.ok();
    }
  });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs `gangway check` on the bed's registry, with an engine that is away. */
async function check(...args: readonly string[]): Promise<Ended> {
  const directory = await mkdtemp(join(bed.directory, "check-"));
  const config = {
    engines: [{ node: "away", host: `unix://${join(directory, "no.sock")}` }],
    registries: [{ host: bed.registry.host, insecure: true }],
  };
  await writeFile(join(directory, "config.yaml"), JSON.stringify(config));
  const entry = join(import.meta.dirname, "..", "..", "src", "main.ts");
  const env = { PATH: process.env["PATH"], HOME: directory };
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, "check", ...args], { cwd: directory, env }, (error, output, errors) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors });
    });
  });
}

describe("gangway check --suggest", () => {
  beforeAll(async () => {
    for (const tag of ["latest", "v7.1.0-ls299", "v7.1.0-ls300", "v8.0.1-ls99"]) {
      await push(bed.registry, "linuxserver/calibre", tag, "ociManifest");
    }
  });

  it("proposes patterns as JSON, as dum does, without an engine", async () => {
    const { code, output } = await check("--suggest", `${bed.registry.host}/linuxserver/calibre`, "--json");

    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({
      patterns: [
        {
          regex: "^v[0-9]+\\.[0-9]+\\.[0-9]+-ls[0-9]+$",
          label: "LinuxServer.io (vX.Y.Z-lsN)",
          match_count: 3,
          example_tags: ["v8.0.1-ls99", "v7.1.0-ls300", "v7.1.0-ls299"],
        },
      ],
      base_tags: ["latest"],
      total_tags: 4,
    });
  });

  it("prints a table for a person", async () => {
    const { code, output } = await check("--suggest", `${bed.registry.host}/linuxserver/calibre:latest`);

    expect(code).toBe(0);
    expect(output.split("\n").slice(0, 4)).toEqual([
      expect.stringMatching(/^PATTERN\s+KIND\s+TAGS\s+NEWEST$/),
      expect.stringMatching(/^\^v\[0-9\]\S+\$\s+LinuxServer\.io \(vX\.Y\.Z-lsN\)\s+3\s+v8\.0\.1-ls99 v7\.1\.0-ls300/),
      "",
      "Base tags: latest",
    ]);
    expect(output).toContain(`4 tags of ${bed.registry.host}/linuxserver/calibre. Set a pattern`);
  });

  it.each([
    ["of an unknown image", ["--suggest", "HOST/nobody"], 1, "has no list of tags of nobody (NAME_UNKNOWN)"],
    ["of what is no image", ["--suggest", "Not An Image"], 2, '"Not An Image" is not the name of an image'],
    ["beside names", ["web", "--suggest", "nginx"], 2, "--suggest takes one image and no names"],
  ])("says so, with the right exit code, when it is asked %s", async (_, args, code, message) => {
    const ended = await check(...args.map((arg) => arg.replace("HOST", bed.registry.host)));

    expect(ended).toMatchObject({ code, output: "", errors: expect.stringContaining(message) });
  });
});
