import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Bed } from "../../test/bed/bed.ts";
import { runContainer } from "../../test/bed/containers.ts";
import type { ImageSpec } from "../../test/bed/image.ts";
import { publishImage, pullImage } from "../../test/bed/images.ts";
import { withHealth } from "../../test/bed/variants.ts";

/** The host in the pictures: containers that many have at home, played by small ones that are about as busy. */
export const node = "nas";

interface Resident {
  readonly name: string;
  /** At Docker Hub; the bed's registry stands in for that. */
  readonly image: string;
  readonly tag: string;
  readonly version: string;
  /** Appears after the first check. */
  readonly next?: string;
  readonly memoryMb: number;
  /** How many megabytes it hashes every second. */
  readonly load: number;
  readonly hasHealthCheck?: true;
  readonly isStopped?: true;
}

export const residents: readonly Resident[] = [
  {
    name: "jellyfin",
    image: "jellyfin/jellyfin",
    tag: "10",
    version: "10.11.2",
    next: "10.11.3",
    memoryMb: 412,
    load: 8,
    hasHealthCheck: true,
  },
  { name: "nextcloud", image: "library/nextcloud", tag: "32", version: "32.0.1", memoryMb: 286, load: 5 },
  {
    name: "postgres",
    image: "library/postgres",
    tag: "18",
    version: "18.1",
    memoryMb: 148,
    load: 2,
    hasHealthCheck: true,
  },
  {
    name: "vaultwarden",
    image: "vaultwarden/server",
    tag: "latest",
    version: "1.34.3",
    next: "1.35.0",
    memoryMb: 38,
    load: 1,
    hasHealthCheck: true,
  },
  {
    name: "paperless",
    image: "paperlessngx/paperless-ngx",
    tag: "2",
    version: "2.19.5",
    memoryMb: 20,
    load: 1,
    isStopped: true,
  },
];

/** Runs the containers in the bed's engine, whose mirror of Docker Hub becomes the bed's registry. */
export async function furnish(bed: Bed): Promise<void> {
  const { docker } = bed.engine;
  await useAsMirror(bed);
  let peer = "";
  for (const resident of residents) {
    const { name, image, tag, memoryMb, isStopped = false } = resident;
    await publish(bed, resident, resident.version);
    const reference = `${image.replace(/^library\//, "")}:${tag}`;
    await pullImage(docker, reference);
    const container = await runContainer(docker, name, reference, {
      Env: [`PEER=${peer}`],
      HostConfig: { ShmSize: (memoryMb + 8) * 1_048_576, RestartPolicy: { Name: "unless-stopped" } },
    });
    peer ||= (await container.inspect()).NetworkSettings.Networks["bridge"]?.IPAddress ?? "";
    if (isStopped) await container.stop();
  }
}

/** Publishes the versions that are found by the next check. */
export async function publishUpdates(bed: Bed): Promise<void> {
  for (const resident of residents) if (resident.next !== undefined) await publish(bed, resident, resident.next);
}

async function useAsMirror({ directory, engine, registry }: Bed): Promise<void> {
  const file = join(directory, "daemon.json");
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, "utf8")));
  await writeFile(file, JSON.stringify({ ...config, "registry-mirrors": [registry.url] }));
  await engine.stop();
  await engine.start();
}

function publish(
  bed: Bed,
  { image, tag, memoryMb, load, hasHealthCheck }: Resident,
  version: string,
): Promise<unknown> {
  const { config, files } = hasHealthCheck === undefined ? {} : withHealth("always");
  const Cmd = ["/bin/sh", "-c", busy(memoryMb, load)];
  const spec: ImageSpec = { version, config: { ...config, Cmd }, ...(files === undefined ? {} : { files }) };
  return publishImage(bed.registry, { ...spec, name: image, tag });
}

/** Shared memory counts as used; hashing takes processor time; what the first one serves goes over the network. */
function busy(memoryMb: number, load: number): string {
  return `
    trap 'exit 0' TERM
    /bin/busybox dd if=/dev/zero of=/dev/shm/used bs=1048576 count=${memoryMb} 2>/dev/null
    mkdir /www && /bin/busybox dd if=/dev/zero of=/www/film bs=1024 count=96 2>/dev/null
    httpd -h /www
    while :; do
      /bin/busybox dd if=/dev/zero bs=1048576 count=${load} 2>/dev/null | /bin/busybox sha256sum >/dev/null
      [ -z "$PEER" ] || wget -q -O /dev/null "http://$PEER/film"
      sleep 1 & wait $!
    done
  `;
}
