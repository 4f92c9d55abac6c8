import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { hashPassword } from "../lib/password.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

/**
 * `gangway hash-password`: prints what `http.users[].password_hash` takes. The password is asked for at a terminal, twice
 * and without showing it, or read from standard input: an argument would stand in the shell's history.
 */
export async function printPasswordHash(terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const password = await passwordFrom(terminal, signal);
  if (typeof password === "object") {
    terminal.errors.write(`gangway: ${password.complaint}\n`);
    return 2;
  }
  terminal.output.write(`${await hashPassword(password)}\n`);
  return 0;
}

async function passwordFrom(terminal: Terminal, signal: AbortSignal): Promise<string | { readonly complaint: string }> {
  const { input } = terminal;
  if (input.isTTY !== true) {
    const password = (await text(input)).replace(/\r?\n$/, "");
    return password === "" ? { complaint: "there is no password on standard input" } : password;
  }
  // Without an output of its own, readline takes the keys and shows nothing.
  const lines = createInterface({ input, terminal: true });
  const end = (): void => lines.close();
  lines.once("SIGINT", end);
  signal.addEventListener("abort", end);
  const typed = lines[Symbol.asyncIterator]();
  const line = async (question: string): Promise<string | undefined> => {
    terminal.errors.write(question);
    const next = await typed.next();
    terminal.errors.write("\n");
    return next.done === true ? undefined : next.value;
  };
  try {
    const first = await line("Password: ");
    const second = first === undefined ? undefined : await line("The same again: ");
    if (second === undefined || first === "") return { complaint: "no password was given" };
    return first === second ? second : { complaint: "the two passwords are not the same" };
  } finally {
    signal.removeEventListener("abort", end);
    lines.close();
  }
}
