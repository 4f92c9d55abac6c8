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
    show: (container, { phase, percent }) => {
      if (errors.isTTY !== true) return;
      const done = percent === undefined ? "" : ` ${percent} %`;
      errors.write(`\r\u001b[K${container}: ${phase.replaceAll("_", " ")}${done}`);
      isShown = true;
    },
    clear,
  };
}
