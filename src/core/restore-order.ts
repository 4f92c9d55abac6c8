import { backupNameFrom } from "./backup-name.ts";
import type { Command, RestoreOptions } from "./operation.ts";

/** A restore as it is asked for by the name of the container that was backed up, which may be gone. */
export interface RestoreWanted {
  readonly kind: "restore_wanted";
  readonly container: string;
  /** One of its backups; the newest, if absent. */
  readonly file?: string;
  /** What the new container is to be called; as the old one, if absent. */
  readonly name?: string;
  readonly options: RestoreOptions;
}

/** The command that it comes to, or a sentence that says why there is none. */
export type RestoreOrder =
  | { readonly kind: "command"; readonly command: Extract<Command, { readonly kind: "restore" }> }
  | { readonly kind: "refused"; readonly message: string };

/** What there is to restore from. */
export interface RestoreChoice {
  /** Does the configuration let restores be asked for at this door? */
  readonly isAllowed: boolean;
  /** The names of all backups. */
  readonly files: readonly string[];
  /** The newest backup of the container that this node has made. */
  readonly newest: string | undefined;
}

/** Decides which backup is restored, under which name. */
export function restoreOrderFor(wanted: RestoreWanted, { isAllowed, files, newest }: RestoreChoice): RestoreOrder {
  const { container, file = newest, name = container, options } = wanted;
  const refuse = (message: string): RestoreOrder => ({ kind: "refused", message });
  if (!isAllowed) {
    return refuse(
      "Restores by MQTT are off, for whoever can publish could put old data in place of the present: set " +
        "backup.restore_by_mqtt to true, or ask by HTTP.",
    );
  }
  if (file === undefined) {
    const [other] = files.filter((known) => backupNameFrom(known)?.container === container);
    return refuse(
      other === undefined
        ? `There is no backup of "${container}".`
        : `This node has made no backup of "${container}"; to restore another's, name its file, such as ${other}.`,
    );
  }
  if (!files.includes(file)) return refuse(`There is no backup "${file}".`);
  const backedUp = backupNameFrom(file)?.container ?? "";
  if (backedUp !== container)
    return refuse(`${file} is a backup of ${backedUp}: ask for it on that container's topic.`);
  return { kind: "command", command: { kind: "restore", container: name, file, ...options } };
}
