import type { Vault } from "../core/vault.ts";
import { GangwayError } from "../lib/errors.ts";
import { within } from "../lib/within.ts";

const quickMs = 30_000;

/**
 * The vault, with a limit of 30 seconds for what looks at its directory: each such call rejects with `file_failed` after
 * that, and at once while an earlier one is still without an answer, for each of those keeps one of the few threads that
 * Node.js has for all files.
 */
export function patientVault(vault: Vault): Vault {
  let stuck = 0;
  const late = (): Error => new GangwayError("file_failed", "the backup directory does not answer");
  const limited = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    if (stuck > 0) throw late();
    const pending = act();
    return await within(pending, {
      ms: quickMs,
      late: () => {
        stuck += 1;
        const answered = (): void => {
          stuck -= 1;
        };
        pending.then(answered, answered);
        return late();
      },
    });
  };
  return {
    ...vault,
    list: () => limited(vault.list),
    discard: (partial) => limited(() => vault.discard(partial)),
    clear: () => limited(vault.clear),
  };
}
