import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer } from "../bed/containers.ts";
import { publishImage, pullImage } from "../bed/images.ts";
import { configFor, dataDirectory, startGangway } from "../gangway.ts";

const access = { kind: "token", username: "alice", password: "wonderland", identityToken: "looking-glass" } as const;

describe("an image of a registry whose credentials a helper keeps", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ engine: true, registry: { access }, broker: true });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  /** Docker's configuration with a helper of that answer, as environment variables. */
  async function dockerWith(name: string, username: string, secret: string) {
    const directory = join(bed.directory, name);
    await mkdir(directory);
    const helper = join(directory, `docker-credential-${name}`);
    await writeFile(helper, `#!/bin/sh\necho '${JSON.stringify({ Username: username, Secret: secret })}'\n`);
    await chmod(helper, 0o755);
    const config = { auths: { [bed.registry.host]: {} }, credHelpers: { [bed.registry.host]: name } };
    await writeFile(join(directory, "config.json"), JSON.stringify(config));
    return { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env["PATH"]}` };
  }

  it.each([
    ["a password", "pass", access.username, access.password],
    ["an identity token", "identity", "<token>", access.identityToken],
  ])("is checked and pulled with them: %s", async (_name, name, username, secret) => {
    const { docker } = bed.engine;
    const image = { name, tag: "1" };
    const { reference } = await publishImage(bed.registry, { ...image, version: "1" });
    const authconfig = { username: access.username, password: access.password };
    await pullImage(docker, reference, authconfig);
    await runContainer(docker, name, reference);
    await publishImage(bed.registry, { ...image, version: "2" });
    await using client = await bed.broker.connect();
    const environment = await dockerWith(name, username, secret);
    await using gangway = await startGangway(bed, {
      config: configFor(bed),
      dataDir: await dataDirectory(bed),
      environment,
    });

    await client.until(
      ({ retained }) => retained(`gangway/bed/container/${name}/state`)?.includes("update_available"),
      30_000,
    );
    await client.publish(`gangway/bed/container/${name}/command/update`, "install");
    const told = await client.until(
      ({ messages }) =>
        messages.find(({ topic, payload }) => topic === "gangway/bed/result" && payload.includes('"update"')),
      30_000,
    );
    expect(JSON.parse(told.payload)).toMatchObject({ container: name, state: "updated" });
    expect(JSON.stringify(gangway.log())).not.toContain(secret);
  });
});
