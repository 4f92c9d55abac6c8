import type Docker from "dockerode";
import { logText } from "../../src/docker/log-text.ts";

/** Creates a container and starts it. Gives the container; throws what the engine says where it cannot start. */
export async function runContainer(
  docker: Docker,
  name: string,
  image: string,
  options: Omit<Docker.ContainerCreateOptions, "name" | "Image"> = {},
): Promise<Docker.Container> {
  const container = await docker.createContainer({ name, Image: image, ...options });
  await container.start();
  return container;
}

/** Runs a command as root in a running container. Gives what it wrote, without the blanks at both ends. */
export async function runIn(docker: Docker, name: string, ...Cmd: readonly string[]): Promise<string> {
  const exec = await docker
    .getContainer(name)
    .exec({ Cmd: [...Cmd], AttachStdout: true, AttachStderr: true, User: "0:0" });
  const chunks: Buffer[] = [];
  for await (const chunk of await exec.start({})) chunks.push(Buffer.from(chunk));
  return logText(Buffer.concat(chunks)).trim();
}

/** Resolves with the first inspect answer that `isWanted`, looking again whenever the engine tells an event of it. */
export async function untilInspect(
  docker: Docker,
  name: string,
  isWanted: (inspect: Docker.ContainerInspectInfo) => boolean,
  ms = 15_000,
): Promise<Docker.ContainerInspectInfo> {
  const end = AbortSignal.timeout(ms);
  const events = await docker.getEvents({ filters: { type: ["container"] }, abortSignal: end });
  const changes = events[Symbol.asyncIterator]();
  let last: Docker.ContainerInspectInfo | undefined;
  try {
    for (;;) {
      last = await docker.getContainer(name).inspect();
      if (isWanted(last)) return last;
      await changes.next();
    }
  } catch (cause) {
    throw new Error(`container ${name} did not come to be as wanted: ${JSON.stringify(last?.State)}`, { cause });
  } finally {
    await changes.return?.();
  }
}

/** Resolves when the container has written `text`; at once where it already has. */
export async function untilLogged(container: Docker.Container, text: string, ms = 15_000): Promise<void> {
  const abortSignal = AbortSignal.timeout(ms);
  const log = await container.logs({ follow: true, stdout: true, stderr: true, abortSignal });
  let written = "";
  for await (const chunk of log) {
    written += String(chunk);
    if (written.includes(text)) return;
  }
  throw new Error(`the container ended without writing "${text}":\n${written}`);
}
