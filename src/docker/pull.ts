import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { familiarText, type ImageReference, repositoryOf } from "../core/image-reference.ts";
import type { Platform } from "../core/inspect.ts";
import type { Credentials, PullRequest } from "../core/ports.ts";
import { type PullState, pullStart, pullStateAfter } from "../core/pull-progress.ts";
import { GangwayError } from "../lib/errors.ts";
import { wordsOf } from "./errors.ts";
import { linesOf } from "./lines.ts";
import { pullLine } from "./schema.ts";

/**
 * `POST /images/create`. The engine answers 200 before it knows whether it will succeed: an error comes as a line of the
 * stream, and a stream that merely ends has not succeeded either. `onLine` is called for each line: the pull is alive.
 */
export async function pullImage(
  docker: Docker,
  request: PullRequest,
  onLine: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { reference } = request;
  const asked = docker.createImage(authFor(request.credentials, reference), {
    fromImage: repositoryOf(reference),
    tag: reference.digest ?? reference.tag ?? "latest",
    ...(request.platform === undefined ? {} : { platform: platformText(request.platform) }),
    abortSignal: signal,
  });
  const stream = (await asked.catch((error: unknown) => {
    // Where the registry refuses at once, the engine has not answered 200 yet.
    throw limitFault(familiarText(reference), wordsOf(error) ?? "") ?? error;
  })) as Readable;
  try {
    await follow(stream, request, onLine);
  } catch (cause) {
    if (cause instanceof GangwayError || signal.aborted) throw cause;
    const name = familiarText(reference);
    throw new GangwayError("engine_unreachable", `The connection broke off while the engine pulled ${name}`, { cause });
  } finally {
    stream.destroy();
  }
}

async function follow(stream: Readable, { reference, onProgress }: PullRequest, onLine: () => void): Promise<void> {
  const name = familiarText(reference);
  let state: PullState = pullStart;
  let finished = false;
  for await (const text of linesOf(stream)) {
    onLine();
    const line = parseLine(text);
    const fault = line.errorDetail?.message ?? line.error ?? line.message;
    if (fault !== undefined) throw limitFault(name, fault) ?? failure(name, fault);
    // Docker ends with "Status: …", Podman with the completion of the image itself.
    finished = line.status !== undefined && /^Status: |^Download complete$/.test(line.status);
    const after = pullStateAfter(state, {
      layer: line.id,
      status: line.status ?? "",
      current: line.progressDetail?.units === "s" ? undefined : line.progressDetail?.current,
      total: line.progressDetail?.total,
    });
    const { percent, detail } = after;
    if (percent !== state.percent && detail !== undefined) onProgress({ percent, detail });
    state = after;
  }
  if (!finished) {
    throw new GangwayError("pull_failed", `The engine stopped pulling ${name} without saying that it was whole`);
  }
}

/**
 * The registry's own error code, which the engine passes on at the head of its words
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes).
 */
const limited = /^toomanyrequests\b/i;

function limitFault(name: string, words: string): GangwayError | undefined {
  if (!limited.test(words)) return undefined;
  return new GangwayError("registry_limited", `The registry limits how often ${name} may be pulled: ${words}`);
}

function failure(name: string, words: string): GangwayError {
  return new GangwayError("pull_failed", `The engine could not pull ${name}: ${words}`);
}

function parseLine(text: string): ReturnType<typeof pullLine.parse> {
  try {
    return pullLine.parse(JSON.parse(text));
  } catch (cause) {
    throw new GangwayError("engine_answer_invalid", "The engine sent a pull progress line that is not its own", {
      cause,
    });
  }
}

function platformText({ os, architecture, variant }: Platform): string {
  return variant === undefined || variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** The members of `X-Registry-Auth`. */
function authFor(
  credentials: Credentials | undefined,
  reference: ImageReference,
): Readonly<Record<string, string>> | undefined {
  const serveraddress = reference.registry === "docker.io" ? "https://index.docker.io/v1/" : reference.registry;
  switch (credentials?.kind) {
    case undefined:
      return undefined;
    case "password":
      return { username: credentials.username, password: credentials.password, serveraddress };
    case "identity_token":
      return { identitytoken: credentials.token, serveraddress };
    case "registry_token":
      return { registrytoken: credentials.token, serveraddress };
  }
}
