import type { ContainerInspect, ImageConfig } from "../src/core/inspect.ts";
import type { RecreateInput } from "../src/core/recreate/input.ts";
import { planRecreate, type RecreatePlan } from "../src/core/recreate.ts";
import { type Circumstances, createdInModel, hashOf, hostName, type Request } from "./engine-model.ts";
import { differencesBetween } from "./fidelity.ts";

/** An image with a default for everything, each marked with its version. */
export function imageOf(version: string): ImageConfig {
  return {
    User: `user${version}`,
    WorkingDir: `/srv/${version}`,
    StopSignal: version === "1" ? "SIGTERM" : "SIGQUIT",
    Env: ["PATH=/bin", `FROM_IMAGE=${version}`, `ONLY_${version}=x`],
    Labels: { "from-image": version, [`only-${version}`]: "x" },
    Entrypoint: ["/entry", version],
    Cmd: ["serve", version],
    Healthcheck: { Test: ["CMD", "check", version], Interval: Number(version) * 1e9, Retries: 3 + Number(version) },
    ExposedPorts: { "80/tcp": {}, [`90${version}/tcp`]: {} },
    Volumes: { "/data": {}, [`/data${version}`]: {} },
  };
}

export interface Setting {
  readonly oldImage?: ImageConfig;
  readonly newImage?: ImageConfig;
  readonly apiVersion?: string;
  readonly others?: readonly ContainerInspect[];
  readonly connect?: Circumstances["connect"];
  readonly disconnect?: readonly string[];
  /** What the engine shows is changed by this before the plan is made. */
  readonly as?: (inspect: ContainerInspect) => ContainerInspect;
  readonly input?: Partial<RecreateInput>;
}

export interface Recreation {
  readonly before: ContainerInspect;
  readonly plan: RecreatePlan;
  /** What the plan comes to, by the model. */
  readonly after: ContainerInspect;
  readonly differences: readonly string[];
}

/** Creates a container from `request` in the model of the engine, and plans and models its recreation. */
export function recreate(request: Request, setting: Setting = {}): Recreation {
  const { oldImage = imageOf("1"), others = [], as = (inspect) => inspect, connect = [], disconnect = [] } = setting;
  const { apiVersion = "1.41" } = setting;
  const before = as(
    createdInModel(
      { Image: "app:1", ...request },
      { name: "web", image: oldImage, others, apiVersion, connect, disconnect },
    ),
  );
  return recreateFrom(before, { ...setting, oldImage });
}

/** Plans and models the recreation of a container that is there. */
export function recreateFrom(
  before: ContainerInspect,
  setting: Setting & { readonly oldImage: ImageConfig },
): Recreation {
  const { oldImage, newImage = imageOf("2"), apiVersion = "1.41", others = [] } = setting;
  const created = { Id: hashOf(`image ${JSON.stringify(newImage)}`, "sha256:"), Config: newImage };
  const containers = new Map([before, ...others].map(({ Id, Name }) => [Id, Name.slice(1)]));
  const plan = planRecreate({
    inspect: before,
    oldImage: { Config: oldImage },
    newImage: created,
    newReference: "app:1",
    apiVersion,
    hostName,
    containers,
    ...setting.input,
  });
  const { body, connect, disconnect } = plan;
  const name = `${before.Name.slice(1)}-next`;
  const after = createdInModel(body, { name, image: newImage, others, apiVersion, connect, disconnect });
  const differences = differencesBetween({ before, after, oldImage, newImage: created, containers });
  return { before, plan, after, differences };
}

/** The host configuration of a planned body. */
export function hostConfigOf({ plan }: Recreation): Readonly<Record<string, unknown>> {
  return plan.body.HostConfig;
}
