import type { Progress } from "../core/operation.ts";
import { bytesText } from "../core/prune/prune.ts";
import type { OnProgress } from "./backup-work.ts";
import type { Terminal } from "./terminal.ts";

/** A line on a terminal that says how far an operation has come, and is overwritten; nothing where it is no terminal. */
export function progressLine({ errors }: Pick<Terminal, "errors">): {
  readonly show: OnProgress;
  readonly clear: () => void;
} {
  let isShown = false;
  const clear = (): void => {
    if (isShown) errors.write("\r\u001b[K");
    isShown = false;
  };
  return {
    show: (container, { phase, percent, bytes }) => {
      if (errors.isTTY !== true) return;
      const done = percent === undefined ? "" : ` ${percent} %`;
      const amount = bytes === undefined ? "" : ` (${amountOf(bytes)})`;
      errors.write(`\r\u001b[K${container}: ${phase.replaceAll("_", " ")}${done}${amount}`);
      isShown = true;
    },
    clear,
  };
}

function amountOf({ done, total }: NonNullable<Progress["bytes"]>): string {
  return total === undefined ? bytesText(done) : `${bytesText(done)} of ${bytesText(total)}`;
}
