import { execFile } from "node:child_process";
import type { Credentials } from "../core/ports.ts";
import type { Log, Secrets } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { forgetSecrets, registerSecrets } from "./credentials.ts";
import { jsonFrom } from "./json.ts";
import { HelperAnswer } from "./schema.ts";

/**
 * What the credential helper `name` (the program `docker-credential-<name>`) keeps for a server, by its address as
 * `docker login` writes it; undefined where it keeps nothing or cannot be asked. Never rejects.
 */
export type AskHelper = (name: string, server: string) => Promise<Credentials | undefined>;

export interface HelperDependencies {
  readonly log: Pick<Log, "warn">;
  readonly secrets: Pick<Secrets, "register" | "forget">;
  readonly clock: Pick<Clock, "now">;
  /** The environment that helpers are run in; its `PATH` is where they are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long a helper may take, in milliseconds. */
  readonly patienceMs?: number;
}

type Found =
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly reason: string };

/** A helper may have to ask a cloud for a token. */
const usualPatienceMs = 20_000;
const maxBytes = 64 * 1024;
/** Some helpers ask a cloud each time; a new login is to be noticed all the same. */
const keptMs = 5 * 60_000;

/** A name becomes part of a program's: nothing that leads elsewhere. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What a helper says of a server that it knows nothing of; an exit code does not tell. */
const notFound = "credentials not found in native keychain";
/** In place of a user name: the secret is an identity token. */
const tokenUser = "<token>";

/**
 * Asks Docker's credential helpers (https://github.com/docker/docker-credential-helpers#development). An answer, also that
 * there is none, counts for five minutes. A helper that fails is warned of once, until it has answered again.
 */
export function createCredentialHelpers(deps: HelperDependencies): AskHelper {
  const { log, secrets, clock, patienceMs = usualPatienceMs } = deps;
  const known = new Map<string, { readonly since: number; readonly answer: Promise<Found> }>();
  const current = new Map<string, Credentials>();
  const failed = new Set<string>();

  const remember = (key: string, found: Found): void => {
    const old = current.get(key);
    current.delete(key);
    if (found.kind === "credentials") current.set(key, found.credentials);
    if (old !== undefined) forgetSecrets(secrets, old);
    // Also those of the others, which may be the same as the forgotten.
    for (const credentials of current.values()) registerSecrets(secrets, credentials);
  };
  const ask = async (key: string, name: string, server: string): Promise<Found> => {
    const found = namePattern.test(name)
      ? foundIn(await run(`docker-credential-${name}`, server, { environment: deps.environment, patienceMs }))
      : failure("its name is none that a program can have");
    remember(key, found);
    if (found.kind !== "failed") failed.delete(name);
    else if (!failed.has(name)) {
      failed.add(name);
      const fields = { helper: name, reason: found.reason };
      log.warn(fields, "a credential helper of Docker cannot be asked; registries are asked without what it keeps");
    }
    return found;
  };
  return async (name, server) => {
    const key = JSON.stringify([name, server]);
    const last = known.get(key);
    const passed = last === undefined ? keptMs : clock.now() - last.since;
    const isCurrent = last !== undefined && passed >= 0 && passed < keptMs;
    const answer = isCurrent ? last.answer : ask(key, name, server);
    if (!isCurrent) known.set(key, { since: clock.now(), answer });
    const found = await answer;
    return found.kind === "credentials" ? found.credentials : undefined;
  };
}

type Run =
  | { readonly kind: "ended"; readonly isSuccess: boolean; readonly output: string }
  | { readonly kind: "failed"; readonly reason: string };

/** No shell; `input` on its standard input. What it writes to standard error is ignored. */
function run(
  program: string,
  input: string,
  { environment, patienceMs }: Required<Pick<HelperDependencies, "environment" | "patienceMs">>,
): Promise<Run> {
  const options = { env: environment, timeout: patienceMs, killSignal: "SIGKILL", maxBuffer: maxBytes } as const;
  return new Promise((resolve) => {
    const child = execFile(program, ["get"], options, (error, output) => {
      if (error === null) resolve({ kind: "ended", isSuccess: true, output });
      else if (error.code === "ENOENT") resolve(failure(`${program} is not installed here`));
      else if (error.code === "EACCES") resolve(failure(`${program} may not be run by this user`));
      else if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") resolve(failure("its answer is too long"));
      else if (error.killed === true) resolve(failure(`it took longer than ${patienceMs / 1_000} s`));
      else if (typeof error.code === "number") resolve({ kind: "ended", isSuccess: false, output });
      else resolve(failure(`it was ended by ${error.signal ?? "the system"}`));
    });
    // One that ends without reading is judged by its answer.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

function foundIn(ended: Run): Found {
  if (ended.kind === "failed") return ended;
  if (!ended.isSuccess) {
    return ended.output.trim() === notFound ? { kind: "none" } : failure("it ended with an error");
  }
  const answer = HelperAnswer.safeParse(jsonFrom(ended.output));
  if (!answer.success) return failure("its answer is not what a credential helper says");
  const { Username: username, Secret: secret } = answer.data;
  if (secret === "") return { kind: "none" };
  if (username === tokenUser) return { kind: "credentials", credentials: { kind: "identity_token", token: secret } };
  if (username === "") return { kind: "none" };
  return { kind: "credentials", credentials: { kind: "password", username, password: secret } };
}

function failure(reason: string): { readonly kind: "failed"; readonly reason: string } {
  return { kind: "failed", reason };
}
