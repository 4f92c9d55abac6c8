import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { runContainer, runIn } from "../test/bed/containers.ts";
import { publishImage, pullImage } from "../test/bed/images.ts";
import { type Samples, together } from "./figures.ts";
import type { Lab } from "./lab.ts";
import { isResultOf, jsonOf } from "./listener.ts";
import { openSession } from "./session.ts";
import { commandTopic, nodeTopics } from "./topics.ts";

const name = "backup-source";
const msPerSecond = 1_000;
const patienceMs = 600_000;
/** 2 GiB: one half that nothing can compress, one half that anything can, in files of 16 MiB. */
const fill = `
i=0; while [ $i -lt 64 ]; do
  busybox dd if=/dev/urandom of=/data/random-$i bs=1048576 count=16 2>/dev/null
  busybox yes "line $i of a log, much like the one before it" | busybox dd of=/data/log-$i bs=1048576 count=16 iflag=fullblock 2>/dev/null
  i=$((i+1))
done`;

/** Backs a volume of 2 GiB up, and has `tar` write the same data to the same disk. */
export async function measureBackup(lab: Lab, entry: string): Promise<Samples> {
  const { docker } = lab.bed.engine;
  const config = { Cmd: ["/bin/sleep", "1000000"], StopSignal: "SIGKILL" };
  const { reference } = await publishImage(lab.bed.registry, {
    name: "lab/backup",
    tag: "latest",
    version: "1",
    config,
  });
  await pullImage(docker, reference);
  const HostConfig = { Binds: [`${name}:/data`] };
  const container = await runContainer(docker, name, reference, { HostConfig });
  try {
    await runIn(docker, name, "sh", "-c", fill);
    const found: Samples[] = [];
    for (const compression of ["none", "zstd"] as const) {
      const tarred = await tarOf(lab, reference);
      const { seconds, peakMib } = await backupOf(lab, entry, compression);
      found.push(
        compression === "none"
          ? { backupPlain: [seconds], backupTar: [tarred], backupShare: [seconds / tarred], backupPeak: [peakMib] }
          : {
              backupPacked: [seconds],
              backupTar: [tarred],
              backupPackedShare: [seconds / tarred],
              backupPackedPeak: [peakMib],
            },
      );
    }
    return together(found);
  } finally {
    await container.remove({ force: true });
    await docker.getVolume(name).remove();
  }
}

/** The seconds for which the container stood still, which is what it took to read and write the data. */
async function backupOf(
  lab: Lab,
  entry: string,
  compression: string,
): Promise<{ readonly seconds: number; readonly peakMib: number }> {
  const directory = join(lab.bed.directory, "bench-backups");
  const settings = {
    containers: { include: ["backup-*"] },
    check: { schedule: "24h", on_start: false },
    backup: { dir: directory, compression },
  };
  await using session = await openSession(lab, { entry, statsSeconds: 0, settings });
  const { listener, program } = session;
  const isThere = ({ topic, payload }: { readonly topic: string; readonly payload: Buffer }): boolean =>
    topic === nodeTopics.state && jsonOf(payload)["containers_total"] === 1;
  await program.during(listener.until(isThere, "the container to be counted", 0));
  const fromEvent = lab.events.records.length;
  const from = listener.records.length;
  await listener.publish(commandTopic(name, "backup"), "PRESS");
  const ended = listener.until(isResultOf("backup", name), "the result of a backup", from, patienceMs);
  const { payload } = await program.during(ended);
  const { state, message } = jsonOf(payload);
  if (state !== "done") throw new Error(`the backup failed: ${String(message)}`);
  const heard = (action: string) =>
    lab.events.until((event) => event.name === name && event.action === action, `${action} of ${name}`, fromEvent);
  const [died, started] = await Promise.all([heard("die"), heard("start")]);
  const { peakMib } = program.usage();
  await rm(directory, { recursive: true });
  return { seconds: (started.time - died.time) / msPerSecond, peakMib };
}

/** The seconds that `tar` runs in a container of its own. */
async function tarOf(lab: Lab, reference: string): Promise<number> {
  const directory = join(lab.bed.directory, "bench-tar");
  await mkdir(directory);
  const fromEvent = lab.events.records.length;
  const container = await runContainer(lab.bed.engine.docker, "backup-tar", reference, {
    Cmd: ["busybox", "tar", "-cf", "/out/data.tar", "-C", "/data", "."],
    HostConfig: { Binds: [`${name}:/data:ro`, `${directory}:/out`] },
  });
  const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
  if (StatusCode !== 0) throw new Error(`tar ended with exit code ${StatusCode}`);
  const heard = (action: string) =>
    lab.events.until(({ id, action: heardAction }) => id === container.id && heardAction === action, action, fromEvent);
  const [started, died] = await Promise.all([heard("start"), heard("die")]);
  await container.remove();
  await rm(directory, { recursive: true });
  return (died.time - started.time) / msPerSecond;
}
