import { isErrorWithCode, messageOf } from "../../../lib/errors.ts";
import { type Answer, refused } from "./answers.ts";

/** What the engine could not do, or a file was not good for. */
export function engineFault(error: unknown): Answer {
  if (isErrorWithCode(error, "backup_not_found")) return refused(404, "Backup file not found");
  if (isErrorWithCode(error, "backup_damaged")) return refused(400, messageOf(error));
  // A restore that has not ended needs the file.
  if (isErrorWithCode(error, "backup_failed")) return refused(409, messageOf(error));
  return refused(500, messageOf(error));
}

/** Why nothing was deleted, as a sentence. */
export function leftAlone(what: string, { reason }: { readonly reason: string }): string {
  return `${what} was left alone: ${reason}`;
}

/** Answers for `act`, whatever goes wrong in it. */
export async function answering(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    return engineFault(error);
  }
}
