import { text } from "node:stream/consumers";
import type Docker from "dockerode";

/** What a container has come to. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a container until it ends by itself, and removes it. */
export async function runToEnd(docker: Docker, options: Docker.ContainerCreateOptions): Promise<Ended> {
  // A terminal makes one stream of both outputs.
  const container = await docker.createContainer({ Tty: true, ...options });
  await container.start();
  const { StatusCode: code } = await container.wait();
  const log = await container.logs({ stdout: true, stderr: true });
  await container.remove({ v: true });
  return { code, output: log.toString("utf8") };
}

/** What a program says that root runs in a running container. */
export async function runInside(docker: Docker, container: string, command: readonly string[]): Promise<string> {
  const exec = await docker.getContainer(container).exec({ Cmd: [...command], AttachStdout: true, Tty: true });
  return (await text(await exec.start({ Tty: true }))).replaceAll("\r\n", "\n").trim();
}

/** What the kernel says of a running container's first process: the lines of its `status`, proc(5). */
export async function credentialsOf(docker: Docker, container: string): Promise<Readonly<Record<string, string>>> {
  const status = await runInside(docker, container, ["cat", "/proc/1/status"]);
  return Object.fromEntries(
    status
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name = "", value = ""]) => [name, value.trim().replaceAll(/\s+/g, " ")]),
  );
}
