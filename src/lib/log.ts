import { type DestinationStream, type Logger, pino } from "pino";
import { logLineText } from "./log-line.ts";

/** What the parts of Gangway log with: pino's levels, fixed fields first, a static message second. */
export type Log = Pick<Logger, "trace" | "debug" | "info" | "warn" | "error">;

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Texts that must never appear in a log: passwords, tokens, keys; registered when they are read. */
export interface Secrets {
  readonly register: (secret: string) => void;
  /** For a secret that has ended, such as a token of minutes: the register must not grow for ever. */
  readonly forget: (secret: string) => void;
  /** `text` with every registered secret replaced by `***`. */
  readonly redact: (text: string) => string;
}

/** An empty register of secrets. Texts under four characters are ignored: replacing them would only garble the log. */
export function createSecrets(): Secrets {
  const known = new Set<string>();
  const formsOf = (secret: string): readonly string[] => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
  ];
  return {
    register: (secret) => {
      if (secret.length < 4) return;
      for (const form of formsOf(secret)) known.add(form);
    },
    forget: (secret) => {
      for (const form of formsOf(secret)) known.delete(form);
    },
    redact: (text) => {
      let redacted = text;
      for (const secret of known) redacted = redacted.replaceAll(secret, "***");
      return redacted;
    },
  };
}

/**
 * A logger on `output` that replaces every registered secret before a line leaves the process. It writes lines of JSON,
 * or, on a terminal, lines for a person.
 */
export function createLog(options: {
  readonly level: LogLevel;
  readonly output: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
  readonly secrets: Secrets;
}): Log {
  const { output, secrets } = options;
  const destination: DestinationStream = {
    write: (line) => {
      output.write(secrets.redact(output.isTTY === true ? logLineText(line) : line));
    },
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
