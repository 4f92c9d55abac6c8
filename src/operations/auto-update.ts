import { type AutoUpdatePolicy, type AutoUpdateSettings, autoUpdatePolicy } from "../core/auto-update.ts";
import type { Command, Outcome } from "../core/operation.ts";
import type { AutoUpdateSwitches, Entry, Inventory } from "../core/ports.ts";

export interface AutoUpdateDependencies {
  readonly inventory: Pick<Inventory, "all" | "get" | "setAutoUpdate">;
  readonly switches: AutoUpdateSwitches;
  readonly settings: AutoUpdateSettings;
}

type Labelled = Entry & { readonly label: string };

/**
 * Sets the switch for automatic updates of one container, or of all that there are. A container whose label decides is
 * left as it is.
 */
export async function switchAutoUpdate(
  deps: AutoUpdateDependencies,
  command: Extract<Command, { readonly kind: "auto_update" }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { inventory, switches, settings } = deps;
  const one = command.container === undefined ? undefined : inventory.get(command.container);
  if (command.container !== undefined && one === undefined) {
    return { state: "rejected", message: `There is no container named ${command.container}.` };
  }
  const entries = one === undefined ? inventory.all() : [one];
  const labelled = entries.flatMap((entry): readonly Labelled[] => {
    const { label }: AutoUpdatePolicy = autoUpdatePolicy(entry, settings);
    return label === undefined ? [] : [{ ...entry, label }];
  });
  const kept = new Set(labelled.map(({ container }) => container.name));
  const names = entries.map(({ container }) => container.name).filter((name) => !kept.has(name));
  if (names.length === 0 && labelled.length > 0) return { state: "rejected", message: reasonOf(labelled) };
  signal.throwIfAborted();
  await switches.set(names, command.on);
  for (const name of names) inventory.setAutoUpdate(name, command.on);
  const subject = command.container ?? `${names.length} container${names.length === 1 ? "" : "s"}`;
  const rest = labelled.length === 0 ? "" : ` ${reasonOf(labelled)}`;
  return { state: "done", message: `Automatic update is ${command.on ? "on" : "off"} for ${subject}.${rest}` };
}

function reasonOf(labelled: readonly Labelled[]): string {
  const labels = labelled.map(({ container, label }) => `${container.name} (${label})`);
  return `Where a label decides, the switch cannot: ${labels.join(", ")}.`;
}
