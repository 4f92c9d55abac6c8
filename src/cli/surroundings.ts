import { join } from "node:path";
import { proxiesFrom } from "../config/proxy-environment.ts";
import type { Surroundings } from "../connections.ts";
import { ownContainerId } from "../core/own-container.ts";
import type { LogLevel } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { fileReader, logTo, type Terminal } from "./terminal.ts";

/** What the program may use of the process that it runs in; the log goes to `output`. */
export function surroundingsOf(terminal: Terminal, level: LogLevel, output = terminal.errors): Surroundings {
  const { secrets, version, environment, home, usage } = terminal;
  const readFile = fileReader(terminal);
  return {
    log: logTo(output, level, secrets),
    secrets,
    clock: systemClock,
    version,
    usage,
    readFile,
    ownContainerId: ownContainerId(readFile("/proc/self/mountinfo")),
    dockerConfigPath: join(environment["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
    dockerAuthConfig: environment["DOCKER_AUTH_CONFIG"] || undefined,
    environment,
    proxies: proxiesFrom(environment).proxies,
  };
}
