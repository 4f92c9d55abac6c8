import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RemoteImage } from "../core/image-identity.ts";
import type { RemoteImages } from "../core/ports.ts";
import type { Damage } from "./atomic-json.ts";
import { openRemoteImages } from "./remote-images.ts";

let directory: string;
let path: string;
let damages: Damage[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gangway-images-"));
  path = join(directory, "images.json");
  damages = [];
});
afterEach(() => rm(directory, { recursive: true }));

const host = "unix:///var/run/docker.sock";
const repository = "docker.io/library/nginx";
const key = { repository, digest: "sha256:1", platform: "linux/amd64" };
const image: RemoteImage = {
  kind: "image",
  manifest: "sha256:2",
  isStated: true,
  config: "sha256:3",
  layerCount: 2,
  content: "x",
  isConfigRead: true,
  details: { version: "1.27.3", source: "https://github.com/nginx/docker-nginx" },
};
const gone: RemoteImage = { kind: "no_platform", platforms: ["linux/arm64"] };

/** One run: opens the file, does something, and closes it. */
async function run<Result>(act: (images: RemoteImages) => Result, engine = host): Promise<Result> {
  const onDamage = (damage: Damage): void => void damages.push(damage);
  await using images = await openRemoteImages(path, { onDamage, onFailure: () => expect.unreachable() });
  return act(images.engine(engine));
}

describe("what was learnt of digests", () => {
  it("outlives a run, for each platform and engine", async () => {
    await run((images) => {
      images.put(key, image);
      images.put({ ...key, platform: "linux/arm/v7" }, gone);
    });

    const known = await run((images) => [
      images.get("sha256:1", "linux/amd64"),
      images.get("sha256:1", "linux/arm/v7"),
      images.get("sha256:2", "linux/amd64"),
    ]);

    expect(known).toEqual([image, gone, undefined]);
    expect(await run((images) => images.get("sha256:1", "linux/amd64"), "tcp://nas:2375")).toBeUndefined();
  });

  it("is forgotten where nobody wants it any more", async () => {
    await run((images) => {
      images.put(key, image);
      images.put({ ...key, repository: "docker.io/library/redis", digest: "sha256:9" }, gone);
      images.keep((name, digest) => name === repository && digest === "sha256:1");
    });

    expect(await run((images) => images.get("sha256:1", "linux/amd64"))).toEqual(image);
    expect(await readFile(path, "utf8")).not.toContain("redis");
  });

  it("has an end, however much is asked", async () => {
    await run((images) => {
      for (let index = 0; index < 2_500; index++) images.put({ ...key, digest: `sha256:${index}` }, gone);
    });

    const known = await run((images) => ["sha256:0", "sha256:2499"].map((digest) => images.get(digest, "linux/amd64")));
    expect(known).toEqual([undefined, gone]);
  });

  it("begins anew where the file is damaged", async () => {
    await writeFile(path, "{");

    expect(await run((images) => images.get("sha256:1", "linux/amd64"))).toBeUndefined();
    expect(damages).toMatchObject([{ path, setAside: expect.stringContaining("corrupt") }]);
  });
});
