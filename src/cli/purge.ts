import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { brokerAddressFrom } from "../connections.ts";
import { openKnown } from "../files/known.ts";
import { purgeNode } from "../homeassistant/purge.ts";
import { GangwayError, messageOf } from "../lib/errors.ts";
import { deadline } from "../lib/time.ts";
import { createBroker } from "../mqtt/connection.ts";
import { configOrComplaint, type ExitCode, fileReader, type Invocation, logTo, type Terminal } from "./terminal.ts";

const timeoutMs = 20_000;

/** `gangway purge`: removes every retained topic of this configuration's nodes from the broker. */
export async function purge(terminal: Terminal, invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  const limit = deadline(timeoutMs, signal);
  const log = logTo(terminal.errors, invocation.logLevel === undefined ? "warn" : config.log.level, terminal.secrets);
  try {
    for (const node of await nodesOf(config)) {
      const broker = createBroker(
        { ...brokerAddressFrom(config, fileReader(terminal)), clientId: `gangway_purge_${node}` },
        log,
      );
      const target = { node, baseTopic: config.mqtt.baseTopic, discoveryPrefix: config.discovery.prefix };
      const topics = await purgeNode(broker, target, limit);
      for (const topic of topics) terminal.output.write(`${topic}\n`);
      terminal.output.write(`${node}: ${topics.length} retained topics removed\n`);
    }
    return 0;
  } catch (error) {
    terminal.errors.write(`gangway: ${terminal.secrets.redact(messageOf(error))}\n`);
    return 1;
  }
}

/** The nodes' names: as configured, or as an earlier run resolved them. */
async function nodesOf(config: Config): Promise<readonly string[]> {
  await using known = await openKnown(join(config.dataDir, "known.json"), { onDamage: () => {}, onFailure: () => {} });
  return config.engines.map(({ node, host }) => {
    const name = node ?? known.engine(host).node();
    if (name !== undefined) return name;
    throw new GangwayError("config_invalid", `It is not known which node ${host} is; set node to the one to purge`);
  });
}
