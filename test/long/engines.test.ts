import { describe, expect, it } from "vitest";
import { openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { serving } from "../bed/variants.ts";
import { eventually } from "../bed/wait.ts";

describe("an engine of a newer release", () => {
  it.each([
    ["trixie", "26.", false],
    ["trixie", "26.", true],
    ["sid", "2", false],
  ] as const)(
    "of %s (%s…, containerd's image store: %s) pulls, runs and publishes ports",
    async (release, version, store) => {
      await using bed = await openBed({
        engine: { release, config: { features: { "containerd-snapshotter": store } } },
        registry: true,
      });
      const { docker } = bed.engine;
      const image = await publishImage(bed.registry, { name: "web", tag: "1", version: "1", ...serving("1") });

      await pullImage(docker, image.reference);
      const HostConfig = { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } };
      const container = await runContainer(docker, "web", image.reference, { HostConfig });
      const page = () => fetch(`http://${bed.engine.address()}:8080/`).then((answer) => answer.text());
      await eventually(
        () =>
          page().then(
            () => true,
            () => false,
          ),
        "the page",
        5_000,
      );

      expect((await docker.version()).Version.startsWith(version)).toBe(true);
      expect(await page()).toBe("1");
      expect((await container.inspect()).Image).toBe(store ? image.digest : image.imageId);
    },
  );
});
