import { resolve } from "node:path";
import type { Secrets } from "../lib/log.ts";
import { type Config, configFrom } from "./config.ts";
import { type ConfigSource, configSource } from "./config-file.ts";
import { dockerEngine, withDockerEngine } from "./docker-environment.ts";
import { type Environment, environmentLayer } from "./environment.ts";
import { faultsFrom, unreadableFiles } from "./faults.ts";
import { configKeys, type Key } from "./keys.ts";
import { type Layer, merged } from "./layers.ts";
import { compareProblems, type Fault, type Problem } from "./problems.ts";
import { proxiesFrom, proxySecrets } from "./proxy-environment.ts";
import { brokenRules } from "./rules.ts";
import { ConfigFile, type ConfigInput } from "./schema.ts";
import { secretsIn } from "./secrets.ts";
import type { ReadFile } from "./source.ts";
import { pathText } from "./tree.ts";

export interface LoadRequest {
  /** `--config`, `--log-level` and `--dry-run`. */
  readonly commandLine?: {
    readonly config?: string | undefined;
    readonly logLevel?: string | undefined;
    readonly dryRun?: boolean | undefined;
  };
  readonly environment: Environment;
  /** What paths are relative to. */
  readonly cwd: string;
  /** What the image sets: a layer below the file. */
  readonly imageDefaults?: ConfigInput;
}

/** Nothing to stop the start, but to tell the user. */
export interface ConfigWarning {
  readonly file: string;
  readonly message: string;
}

export type LoadResult =
  | {
      readonly kind: "loaded";
      readonly config: Config;
      /** The file that was read; undefined where there is none. */
      readonly file: string | undefined;
      readonly warnings: readonly ConfigWarning[];
    }
  /** In the order of the lines of the file, then by variable; never empty. */
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/**
 * Finds, reads and validates the configuration: command line > environment > file > image's defaults > defaults. Every
 * secret is registered before anything else is done with it. Never throws; everything that is wrong is in `problems`.
 */
export function loadConfig(
  deps: { readonly readFile: ReadFile; readonly secrets: Secrets },
  request: LoadRequest,
): LoadResult {
  const keys = configKeys();
  const readFile: ReadFile = (path) => deps.readFile(resolve(request.cwd, path));
  const source = configSource(readFile, {
    option: request.commandLine?.config,
    variable: request.environment["GANGWAY_CONFIG"],
    cwd: request.cwd,
  });
  const environment = environmentLayer(readFile, request.environment, keys);
  const layers: readonly Layer[] = [
    commandLineLayer(request.commandLine),
    environment.layer,
    ...(source.file === undefined ? [] : [source.file.layer]),
    { value: request.imageDefaults, originOf: () => ({ kind: "image" }) },
  ];
  for (const layer of layers) for (const secret of secretsIn(layer.value, keys)) deps.secrets.register(secret);
  const proxies = proxiesFrom(request.environment);
  for (const secret of proxySecrets(proxies.proxies)) deps.secrets.register(secret);
  const whole = withDockerEngine(merged(layers), dockerEngine(readFile, request.environment));
  const parsed = ConfigFile.safeParse(whole.value);
  const faults = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => faultsFrom(issue, whole.value, keys)),
    ...brokenRules(whole.value),
    ...unreadableFiles(readFile, whole.value, keys),
  ];
  const problems = [
    ...source.problems,
    ...environment.problems,
    ...proxies.problems,
    // Over a file that is not YAML, complaints about keys would be noise.
    ...(source.readable ? faults.map((fault) => problemFrom(fault, whole)) : []),
  ];
  if (problems.length > 0 || !parsed.success) {
    const shown = problems.map((problem) => ({ ...problem, found: deps.secrets.redact(problem.found) }));
    return { kind: "invalid", problems: shown.sort(compareProblems) };
  }
  return {
    kind: "loaded",
    config: configFrom(parsed.data),
    file: source.file?.path,
    warnings: warningsOf(source, keys),
  };
}

function commandLineLayer({ logLevel, dryRun }: NonNullable<LoadRequest["commandLine"]> = {}): Layer {
  return {
    value: {
      ...(logLevel === undefined ? {} : { log: { level: logLevel } }),
      ...(dryRun === true ? { update: { dry_run: true } } : {}),
    },
    originOf: ([section]) => ({ kind: "option", name: section === "log" ? "--log-level" : "--dry-run" }),
  };
}

function problemFrom(fault: Fault, configuration: Layer): Problem {
  return {
    origin: configuration.originOf(fault.path, fault.isKey === true ? "key" : "value"),
    key: pathText(fault.path),
    expected: fault.expected,
    found: fault.found,
  };
}

const readableByAll = 0o004;

function warningsOf({ file }: ConfigSource, keys: readonly Key[]): readonly ConfigWarning[] {
  if (file === undefined || (file.mode & readableByAll) === 0 || secretsIn(file.layer.value, keys).length === 0)
    return [];
  const message = "The file holds a password or token, and everyone on this machine may read it (chmod 600).";
  return [{ file: file.path, message }];
}
