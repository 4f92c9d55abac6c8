import { maskedConfig } from "../config/mask.ts";
import { configOrComplaint, type ExitCode, type Invocation, type Terminal } from "./terminal.ts";

/** `gangway config`: the effective configuration as YAML, secrets masked. */
export function printConfig(terminal: Terminal, invocation: Invocation): ExitCode {
  const config = configOrComplaint(terminal, invocation);
  if (config === undefined) return 2;
  terminal.output.write(maskedConfig(config));
  return 0;
}
