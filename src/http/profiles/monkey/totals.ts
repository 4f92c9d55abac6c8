import { cpus, freemem, totalmem } from "node:os";
import { nameFrom } from "../../../core/container.ts";
import type { ContainerInspect } from "../../../core/inspect.ts";
import { type Answer, ok, refused } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";
import { shortId, stackOf, statusOf } from "./container-view.ts";
import { figuresOf, inspectAll } from "./containers.ts";
import { answering } from "./faults.ts";
import { decimalText } from "./texts.ts";

const mebibyte = 2 ** 20;
const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Of the machine that Gangway runs on: memory as its kernel tells it, and what the containers use of its processors. */
function machineOf({ node }: MonkeySubject) {
  const all = node.inventory.all().map(({ container }) => node.inventory.metricsOf(container.name)?.cpuPercent ?? 0);
  const used = totalmem() - freemem();
  return {
    cpu_percent: rounded(all.reduce((sum, percent) => sum + percent, 0) / Math.max(1, cpus().length)),
    ...{ memory_used_mb: rounded(used / mebibyte), memory_total_mb: rounded(totalmem() / mebibyte) },
    memory_percent: rounded((used / totalmem()) * 100),
  };
}

export function systemStats(subject: MonkeySubject): Answer {
  return ok(machineOf(subject));
}

const sizeText = (bytes: number | null | undefined): string => decimalText(bytes ?? 0);

export function dashboardStats(subject: MonkeySubject, { signal }: Asked): Promise<Answer> {
  return answering(async () => {
    const { node } = subject;
    const [containers, images, volumes, networks, backups] = await Promise.all([
      inspectAll(subject, signal),
      node.engine.images(signal),
      node.engine.volumes(signal),
      node.networks.all(signal),
      node.backups.list(),
    ]);
    const running = containers.filter((one) => statusOf(one) === "running").length;
    const { disk } = node.inventory.node();
    return ok({
      ...{ cpu_ram_info: machineOf(subject), stacks_qty: stacksOf(containers).length },
      ...{ containers_qty: containers.length, running_containers: running },
      ...{ stopped_containers: containers.length - running },
      ...{ images_qty: images.length, total_images_size: sizeText(disk?.imageBytes) },
      ...{
        volumes_qty: volumes.length,
        total_volumes_size: sizeText(disk?.volumeBytes),
        networks_qty: networks.length,
      },
      ...{ docker_sock_url: "", backups_qty: backups.length },
      total_backups_size: sizeText(backups.reduce((sum, { bytes }) => sum + bytes, 0)),
    });
  });
}

/** The figures of all containers, and what lies on the disk as a whole. */
export async function statistics(subject: MonkeySubject, { signal }: Asked): Promise<Answer> {
  const { node } = subject;
  try {
    const all = await inspectAll(subject, signal);
    const { disk } = node.inventory.node();
    const [containers, volumes, images] = [disk?.containerBytes ?? 0, disk?.volumeBytes ?? 0, disk?.imageBytes ?? 0];
    const rows = all.map((inspect) => {
      const name = nameFrom(inspect.Name);
      const { memory_usage: _, error: __, ...figures } = figuresOf(subject, inspect, name);
      const metrics = node.inventory.metricsOf(name);
      const pair = (one: number | null | undefined, other: number | null | undefined): string =>
        `${sizeText(one)} / ${sizeText(other)}`;
      return {
        ...{ id: shortId(inspect.Id), name, image: inspect.Config.Image, ...figures },
        network_io: pair(metrics?.netRxBytes, metrics?.netTxBytes),
        block_io: pair(metrics?.blockReadBytes, metrics?.blockWriteBytes),
        ...{ disk_size: "N/A", disk_size_bytes: 0 },
      };
    });
    const totals = {
      ...{ containers_disk: sizeText(containers), containers_disk_bytes: containers },
      ...{ volumes_disk: sizeText(volumes), volumes_disk_bytes: volumes },
      ...{ images_disk: sizeText(images), images_disk_bytes: images },
    };
    return ok({ containers: rows, totals });
  } catch {
    return refused(503, "Docker client not available");
  }
}

export function stackList(subject: MonkeySubject, { signal }: Asked): Promise<Answer> {
  return answering(async () => ok({ stacks: stacksOf(await inspectAll(subject, signal)) }));
}

/** The projects of compose, and the stacks of a swarm as far as their containers are here. */
function stacksOf(all: readonly ContainerInspect[]): readonly object[] {
  const members = all.flatMap((inspect) => {
    const stack = stackOf(inspect.Config.Labels ?? {});
    return stack === null ? [] : [{ inspect, stack }];
  });
  return [...Map.groupBy(members, ({ stack }) => stack.name)].map(([name, its]) => {
    const services = [...new Set(its.map(({ stack }) => stack.service))].filter((service) => service !== "").sort();
    const networks = its.flatMap(({ inspect }) => Object.keys(inspect.NetworkSettings.Networks));
    const isCompose = its.some(({ inspect }) => inspect.Config.Labels?.["com.docker.compose.project"] !== undefined);
    return {
      ...{ name, type: isCompose ? "compose" : "swarm", services_count: services.length },
      ...{ containers_count: its.length, services, networks: [...new Set(networks)].sort() },
    };
  });
}
