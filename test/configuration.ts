import type { Config } from "../src/config/config.ts";
import { type LoadRequest, type LoadResult, loadConfig } from "../src/config/load.ts";
import { problemText } from "../src/config/problems.ts";
import type { ReadFile } from "../src/config/source.ts";
import { createSecrets, type Secrets } from "../src/lib/log.ts";

/** A `ReadFile` over texts by path, all readable by their owner only; every other path is missing. */
export function filesFrom(texts: Readonly<Record<string, string>>, mode = 0o100_600): ReadFile {
  return (path) => {
    const text = texts[path];
    return text === undefined ? { kind: "missing" } : { kind: "text", text, mode };
  };
}

/** What a test gives to the loader: by default an empty machine with `/home/me` as working directory. */
export interface Setting extends Partial<LoadRequest> {
  /** `config.yaml` in the working directory. */
  readonly yaml?: string;
  /** Other files, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly readFile?: ReadFile;
  readonly secrets?: Secrets;
}

export function load({ yaml, files, readFile, secrets, ...request }: Setting = {}): LoadResult {
  const texts = { ...(yaml === undefined ? {} : { "/home/me/config.yaml": yaml }), ...files };
  return loadConfig(
    { readFile: readFile ?? filesFrom(texts), secrets: secrets ?? createSecrets() },
    { environment: {}, cwd: "/home/me", ...request },
  );
}

/** The configuration, where loading must succeed. */
export function loaded(setting: Setting = {}): Config {
  const result = load(setting);
  if (result.kind === "loaded") return result.config;
  throw new Error(result.problems.map(problemText).join("\n"));
}

/** The problems as one line each, where loading must fail; the working directory is left out of paths. */
export function problemsOf(setting: Setting): readonly string[] {
  const result = load(setting);
  if (result.kind === "loaded") throw new Error("the configuration was taken");
  return result.problems.map((problem) => problemText(problem).replaceAll("/home/me/", ""));
}
