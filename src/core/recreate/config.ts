import { isApiAtLeast } from "../api-version.ts";
import type { ContainerConfig, Healthcheck, ImageConfig } from "../inspect.ts";
import { commandFor } from "./command.ts";
import { isPodman, type RecreateInput, shortIdOf } from "./input.ts";
import { labelsFor } from "./labels.ts";
import { present, unlessEmpty, without } from "./members.ts";
import { primaryNetworkOf, sharesNetwork } from "./network-mode.ts";
import { portBindingsFor } from "./ports.ts";
import { isSameSignal } from "./signals.ts";

/** Members that no image has a say in. */
const ownMembers = [
  "StopTimeout",
  "Tty",
  "OpenStdin",
  "StdinOnce",
  "AttachStdin",
  "AttachStdout",
  "AttachStderr",
  "NetworkDisabled",
];

/**
 * The create body's upper level, built anew from what the user gave. The engine stores user's and image's settings
 * merged, so what equals the old image's is taken for the old image's and left out: there the new image decides. That
 * holds for a user's setting that happens to equal the image's, too; the two cannot be told apart.
 */
export function configFor(input: RecreateInput): Readonly<Record<string, unknown>> {
  const { inspect, oldImage } = input;
  const { Config: config } = inspect;
  const image = oldImage?.Config;
  const isEmptyOnPodman = isPodman(inspect) && config.Entrypoint?.length === 0;
  return present({
    ...Object.fromEntries(ownMembers.map((member) => [member, config[member]])),
    ...hostNamesFor(input),
    User: unlessEqual(config.User, image?.User),
    WorkingDir: unlessEqual(config.WorkingDir, image?.WorkingDir),
    StopSignal: stopSignalFor(input),
    Env: unlessEmpty(environmentFor(input)),
    Labels: unlessEmpty(labelsFor(input)),
    // Podman shows `[]` for null.
    ...commandFor(isEmptyOnPodman ? { ...config, Entrypoint: null } : config, image),
    Healthcheck: healthcheckFor(config.Healthcheck, image?.Healthcheck),
    ExposedPorts: exposedPortsFor(input),
    Volumes: unlessEmpty(without(config.Volumes ?? {}, image?.Volumes)),
    MacAddress: isApiAtLeast(input.apiVersion, "1.44") ? undefined : requestedMacOf(input),
  });
}

/**
 * Host and domain name, unless the engine supplied them: the short id by default, the host's own in host mode. Where the
 * namespace is another's the engine shows the other's name and refuses to be given one.
 */
function hostNamesFor({ inspect, hostName }: RecreateInput): Pick<ContainerConfig, "Hostname" | "Domainname"> {
  const { Config: config, HostConfig: hostConfig } = inspect;
  if (sharesNetwork(hostConfig) || hostConfig.UTSMode === "host") return {};
  const isDefault =
    config.Hostname === shortIdOf(inspect) || (hostConfig.NetworkMode === "host" && config.Hostname === hostName);
  return {
    Hostname: isDefault ? undefined : unlessEmpty(config.Hostname),
    Domainname: unlessEmpty(config.Domainname),
  };
}

function unlessEqual(own: string | undefined, image: string | undefined): string | undefined {
  return own === image ? undefined : unlessEmpty(own);
}

function stopSignalFor({ inspect, oldImage }: RecreateInput): string | undefined {
  const { StopSignal: own } = inspect.Config;
  // Podman writes the number, and SIGTERM's where nobody gave one.
  if (isPodman(inspect) && isSameSignal(own, oldImage?.Config.StopSignal)) return undefined;
  return unlessEqual(own, oldImage?.Config.StopSignal);
}

function environmentFor({ inspect, oldImage }: RecreateInput): readonly string[] {
  const images = new Set(oldImage?.Config.Env);
  const podmans = isPodman(inspect)
    ? ["container=podman", `HOSTNAME=${shortIdOf(inspect)}`, "HOME=/", "HOME=/root"]
    : [];
  return (inspect.Config.Env ?? []).filter((entry) => !images.has(entry) && !podmans.includes(entry));
}

/** The engine fills each member of its own from the image where it is zero or empty. */
function healthcheckFor(
  own: Healthcheck | null | undefined,
  image: ImageConfig["Healthcheck"],
): Readonly<Record<string, unknown>> | undefined {
  const differing = Object.entries(without({ ...own }, { ...image }));
  return unlessEmpty(
    Object.fromEntries(differing.filter(([, value]) => value !== 0 && unlessEmpty(value) !== undefined)),
  );
}

/**
 * A binding alone publishes nothing: its port must be exposed too, and the new image may no longer do so. In another
 * container's network the engine refuses exposed ports.
 */
function exposedPortsFor({ inspect, oldImage }: RecreateInput): Readonly<Record<string, unknown>> | undefined {
  if (sharesNetwork(inspect.HostConfig)) return undefined;
  const own = without(inspect.Config.ExposedPorts ?? {}, oldImage?.Config.ExposedPorts);
  const published = Object.keys(portBindingsFor(inspect) ?? {}).map((port) => [port, {}]);
  return unlessEmpty({ ...own, ...Object.fromEntries(published) });
}

/** The MAC address that was asked for; an engine's own choice is not shown here. */
export function requestedMacOf({ inspect }: RecreateInput): string | undefined {
  const network = primaryNetworkOf(inspect);
  return network === undefined ? undefined : unlessEmpty(inspect.Config.MacAddress);
}
