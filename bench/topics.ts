/** What the measured Gangway calls its engine. */
export const node = "bench";

const base = `gangway/${node}`;

export const nodeTopics = {
  config: `homeassistant/device/gangway_${node}/config`,
  status: `${base}/status`,
  engine: `${base}/engine`,
  state: `${base}/state`,
  result: `${base}/result`,
  check: `${base}/command/check`,
} as const;

export const configTopic = (container: string): string => `homeassistant/device/gangway_${node}_${container}/config`;
export const stateTopic = (container: string): string => `${base}/container/${container}/state`;
export const updateTopic = (container: string): string => `${base}/container/${container}/update`;
export const availabilityTopic = (container: string): string => `${base}/container/${container}/availability`;
export const commandTopic = (container: string, command: string): string =>
  `${base}/container/${container}/command/${command}`;

/** Everything about a container that the broker keeps. */
export function keptTopics(container: string): readonly string[] {
  return [configTopic, availabilityTopic, stateTopic, updateTopic].map((topicOf) => topicOf(container));
}
