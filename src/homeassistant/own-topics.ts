import { nodeDevice } from "./topics.ts";

/** Where a node's messages go. */
export interface Place {
  readonly node: string;
  readonly baseTopic: string;
  readonly discoveryPrefix: string;
}

export function rootOf({ baseTopic, node }: Place): string {
  return `${baseTopic}/${node}`;
}

/** Is this one of the node's own topics? A node's id has no underscore: what follows it in a device's id is a container's. */
export function isOwn(topic: string, place: Place): boolean {
  const device = nodeDevice(place.node);
  const configs = `${place.discoveryPrefix}/device/`;
  return (
    topic.startsWith(`${rootOf(place)}/`) ||
    topic === `${configs}${device}/config` ||
    (topic.startsWith(`${configs}${device}_`) && topic.endsWith("/config"))
  );
}
