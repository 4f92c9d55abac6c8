import { createHash } from "node:crypto";

/** Where this node's messages go; the names are a contract with users' automations. */
export interface Topics {
  readonly status: string;
  readonly engine: string;
  readonly state: string;
  readonly stats: string;
  readonly event: string;
  readonly result: string;
  readonly nodeConfig: string;
  readonly nodeCommand: (command: string) => string;
  readonly containerConfig: (name: string) => string;
  readonly availability: (name: string) => string;
  readonly containerState: (name: string) => string;
  readonly update: (name: string) => string;
  readonly containerStats: (name: string) => string;
  readonly containerCommand: (name: string, command: string) => string;
  /** All topics that Gangway listens to. */
  readonly commandFilters: readonly string[];
  /** What a topic under `commandFilters` is about; undefined for any other topic. */
  readonly parseCommand: (topic: string) => { readonly container?: string; readonly command: string } | undefined;
}

/** Home Assistant's identifier of the node's device. */
export function nodeDevice(node: string): string {
  return `gangway_${node}`;
}

/** Home Assistant's identifier of a container's device. */
export function containerDevice(node: string, name: string): string {
  return `gangway_${node}_${slugFor(name)}`;
}

/**
 * The container's name as a part of a discovery topic, where Home Assistant allows `[a-zA-Z0-9_-]` only. A pure function
 * of the name; the hash keeps `a.b` and `a_b` apart.
 */
export function slugFor(name: string): string {
  if (!name.includes(".")) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${name.replaceAll(".", "_")}_${hash}`;
}

/** The topics of `node`. */
export function topicsFor(node: string, baseTopic: string, discoveryPrefix: string): Topics {
  const root = `${baseTopic}/${node}`;
  const container = (name: string, leaf: string): string => `${root}/container/${name}/${leaf}`;
  return {
    status: `${root}/status`,
    engine: `${root}/engine`,
    state: `${root}/state`,
    stats: `${root}/stats`,
    event: `${root}/event`,
    result: `${root}/result`,
    nodeConfig: `${discoveryPrefix}/device/${nodeDevice(node)}/config`,
    nodeCommand: (command) => `${root}/command/${command}`,
    containerConfig: (name) => `${discoveryPrefix}/device/${containerDevice(node, name)}/config`,
    availability: (name) => container(name, "availability"),
    containerState: (name) => container(name, "state"),
    update: (name) => container(name, "update"),
    containerStats: (name) => container(name, "stats"),
    containerCommand: (name, command) => container(name, `command/${command}`),
    commandFilters: [`${root}/command/+`, `${root}/container/+/command/+`],
    parseCommand: (topic) => {
      if (!topic.startsWith(`${root}/`)) return undefined;
      const levels = topic.slice(root.length + 1).split("/");
      const [first, second, third, fourth] = levels;
      if (levels.length === 2 && first === "command" && second !== undefined) return { command: second };
      const isContainer = levels.length === 4 && first === "container" && third === "command";
      return isContainer && second !== undefined && fourth !== undefined
        ? { container: second, command: fourth }
        : undefined;
    },
  };
}
