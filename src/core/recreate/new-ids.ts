import type { CreateBody } from "../inspect.ts";
import { containerMode, namespaceParentOf } from "./references.ts";

/**
 * The create body of a container that depends on others which are replaced together with it. Until they take over, their
 * names still mean the old ones: the new ones are referred to by their ids.
 *
 * @param newIds Ids of new containers by the names that they will have.
 */
export function bodyWithNewIds(body: CreateBody, newIds: ReadonlyMap<string, string>): CreateBody {
  const rewritten = Object.entries(body.HostConfig).map(([member, value]) => [member, rewrite(member, value, newIds)]);
  return { ...body, HostConfig: Object.fromEntries(rewritten) as CreateBody["HostConfig"] };
}

const modes: ReadonlySet<string> = new Set(["NetworkMode", "IpcMode", "PidMode"]);

function rewrite(member: string, value: unknown, newIds: ReadonlyMap<string, string>): unknown {
  if (modes.has(member) && typeof value === "string") {
    const id = newIds.get(namespaceParentOf(value) ?? "");
    return id === undefined ? value : `${containerMode}${id}`;
  }
  if (member === "Links" && Array.isArray(value)) {
    return value.map((link: string) => {
      const [name = "", ...alias] = link.split(":");
      return [newIds.get(name) ?? name, ...alias].join(":");
    });
  }
  return value;
}
