import { healthFrom, nameFrom } from "../../../core/container.ts";
import type { ContainerInspect, PortBinding } from "../../../core/inspect.ts";
import { durationText } from "./texts.ts";

/*
 * A container in Container Monkey's words, from what the engine says of it.
 */

export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

/** `running` or `stopped`; there is nothing else. */
export function statusOf({ State: { Running } }: Pick<ContainerInspect, "State">): "running" | "stopped" {
  return Running ? "running" : "stopped";
}

/** As `docker ps` has it: `Up 2 hours (healthy)`, `Exited (0) 3 minutes ago`. */
export function statusText({ State: state }: Pick<ContainerInspect, "State">, now: number): string {
  const since = (time: string): string => durationText(now - Date.parse(time));
  const { Status: status, ExitCode: code, StartedAt: started, FinishedAt: finished } = state;
  const health = healthFrom(state.Health?.Status);
  if (status === "created") return "Created";
  if (status === "restarting") return `Restarting (${code}) ${since(finished)} ago`;
  if (!state.Running) return `${status === "dead" ? "Dead" : "Exited"} (${code}) ${since(finished)} ago`;
  if (status === "paused") return `Up ${since(started)} (Paused)`;
  const more = { none: "", starting: " (health: starting)", healthy: " (healthy)", unhealthy: " (unhealthy)" };
  return `Up ${since(started)}${more[health]}`;
}

export function containerView(inspect: ContainerInspect, { now, isSelf }: { now: number; isSelf: boolean }): object {
  const { Config: config, NetworkSettings: network } = inspect;
  const addresses = Object.values(network.Networks).map(({ IPAddress }) => IPAddress ?? "");
  return {
    ...{ id: shortId(inspect.Id), name: nameFrom(inspect.Name), image: config.Image, status: statusOf(inspect) },
    status_text: statusText(inspect, now),
    created: Math.floor(Date.parse(inspect.Created) / 1000),
    ports: Object.entries(network.Ports).flatMap(([port, bindings]) => portsOf(port, bindings)),
    ip_address: addresses.find((address) => address !== "") ?? "N/A",
    port_mappings: Object.entries(network.Ports).flatMap(([port, bindings]) => mappingsOf(port, bindings)),
    volumes: inspect.Mounts.filter(({ Type }) => Type === "volume").map((mount) => ({
      ...{ name: mount.Name ?? "", destination: mount.Destination },
      driver: (mount as { readonly Driver?: string }).Driver ?? "local",
    })),
    image_info: { name: config.Image, id: shortId(inspect.Image) },
    stack_info: stackOf(config.Labels ?? {}),
    networks: Object.keys(network.Networks),
    is_self: isSelf,
  };
}

function portsOf(port: string, bindings: readonly PortBinding[] | null): readonly object[] {
  const [number = "", Type = "tcp"] = port.split("/");
  const own = { PrivatePort: Number(number), Type };
  if (bindings === null || bindings.length === 0) return [own];
  return bindings.map(({ HostIp: IP, HostPort }) => ({ IP, ...own, PublicPort: Number(HostPort) }));
}

/** The same port on IPv4 and IPv6 is one mapping. */
function mappingsOf(port: string, bindings: readonly PortBinding[] | null): readonly object[] {
  const published = (bindings ?? []).filter(({ HostPort }) => (HostPort ?? "") !== "");
  const own = published.filter(
    ({ HostPort }, index) => published.findIndex((other) => other.HostPort === HostPort) === index,
  );
  return own.map(({ HostIp = "", HostPort = "" }) => ({
    ...{ host: `${HostIp === "" ? "0.0.0.0" : HostIp}:${HostPort}`, container: port },
    display: `${HostPort}:${port.split("/")[0]}`,
  }));
}

/** The stack of a container, by the labels of compose or of a swarm. */
export function stackOf(labels: Readonly<Record<string, string>>): {
  readonly name: string;
  readonly service: string;
  readonly display: string;
} | null {
  const swarm = labels["com.docker.stack.namespace"];
  const name = labels["com.docker.compose.project"] ?? swarm;
  if (name === undefined) return null;
  const full = labels["com.docker.swarm.service.name"] ?? "";
  const service = labels["com.docker.compose.service"] ?? full.replace(`${name}_`, "");
  return { name, service, display: service === "" ? name : `${name}/${service}` };
}

/** Everything of a container, its environment among it. */
export function detailsOf(inspect: ContainerInspect): object {
  const { Config: config, HostConfig: host } = inspect;
  return {
    ...{ id: inspect.Id, name: nameFrom(inspect.Name), image: config.Image, image_id: inspect.Image },
    ...{ status: inspect.State.Status, created: inspect.Created },
    config: {
      ...{ env: config.Env ?? [], cmd: config.Cmd ?? [], entrypoint: config.Entrypoint ?? [] },
      ...{ working_dir: config.WorkingDir ?? "", user: config.User ?? "", labels: config.Labels ?? {} },
    },
    host_config: {
      ...{ binds: host.Binds ?? [], port_bindings: host.PortBindings ?? {}, network_mode: host.NetworkMode },
      ...{ restart_policy: host.RestartPolicy ?? {}, privileged: host["Privileged"] ?? false },
      ...{ cap_add: host["CapAdd"] ?? [], cap_drop: host["CapDrop"] ?? [] },
    },
    ...{ network_settings: inspect.NetworkSettings, mounts: inspect.Mounts },
  };
}
