import type { ImageConfig } from "../../src/core/inspect.ts";
import { type ImageSpec, idle } from "./image.ts";

/** Ways in which an image can behave, to be spread into a spec: `{ version: "2", ...crashing() }`. */
type Variant = Pick<ImageSpec, "config" | "files">;

const nsPerSecond = 1_000_000_000;
/** A container of such an image is healthy while this file is there: a test can make or remove it. */
const healthFile = "healthy";

function shell(script: string): readonly string[] {
  return ["/bin/sh", "-c", script];
}

/** Ends with `exitCode`, by default at once; with a restart policy that makes a crash loop. */
export function crashing({ exitCode = 1, afterSeconds = 0 } = {}): Variant {
  return { config: { Cmd: shell(`echo about to crash; sleep ${afterSeconds}; exit ${exitCode}`) } };
}

/** Names a program that is not in the image: the engine creates the container and cannot start it. */
export function withoutBinary(): Variant {
  return { config: { Cmd: ["/bin/no-such-program"] } };
}

/** Takes no notice of SIGTERM: the engine has to kill it. */
export function stubborn(): Variant {
  return { config: { Cmd: shell("trap '' TERM; while :; do sleep 1; done") } };
}

/** Answers HTTP on port 80: `GET /` with the version, `GET /cgi-bin/…` not at all. */
export function serving(version: string): Variant {
  const script = "trap 'exit 0' TERM; httpd -f -p 80 -h /www & wait $!";
  return { config: { Cmd: shell(script), ExposedPorts: { "80/tcp": {} } }, files: { "www/index.html": version } };
}

/** Has a health check that passes always, never, or from so many seconds after the start. */
export function withHealth(
  passes: "always" | "never" | { readonly afterSeconds: number },
  { intervalSeconds = 0.5, retries = 2, startPeriodSeconds = 0 } = {},
): Variant {
  const late = typeof passes === "object" ? [`(sleep ${passes.afterSeconds}; touch /tmp/${healthFile}) &`] : [];
  const Healthcheck = {
    Test: ["CMD-SHELL", `test -e /tmp/${healthFile}`],
    Interval: intervalSeconds * nsPerSecond,
    Timeout: 5 * nsPerSecond,
    StartPeriod: startPeriodSeconds * nsPerSecond,
    Retries: retries,
  };
  return {
    config: { Healthcheck, Cmd: shell([...late, idle.at(-1)].join("\n")) },
    ...(passes === "always" ? { files: { [`tmp/${healthFile}`]: "" } } : {}),
  };
}

/** Brings a default for everything that an image can bring one for, each marked with `version`. */
export function fullOfDefaults(version: string): { readonly config: ImageConfig } {
  return {
    config: {
      Entrypoint: ["/bin/env"],
      Cmd: [...idle],
      Env: ["PATH=/bin", `FROM_IMAGE=${version}`],
      Labels: { "org.opencontainers.image.version": version, "from-image": version },
      ExposedPorts: { "8080/tcp": {}, [`${9000 + Number.parseInt(version, 10)}/tcp`]: {} },
      Volumes: { "/var/lib/app": {} },
      User: "1000:1000",
      WorkingDir: `/srv/${version}`,
      StopSignal: "SIGTERM",
      Healthcheck: { Test: ["CMD", "/bin/true"], Interval: 60 * nsPerSecond },
    },
  };
}
