import type { Lab } from "./lab.ts";
import { type Listener, listen } from "./listener.ts";
import { type Program, type ProgramOptions, startProgram } from "./program.ts";

/** A run of the program on a lab whose broker knows nothing yet, and all that is heard of it. */
export interface Session extends AsyncDisposable {
  readonly lab: Lab;
  readonly program: Program;
  readonly listener: Listener;
}

export async function openSession(lab: Lab, options: ProgramOptions): Promise<Session> {
  const { broker } = lab.bed;
  await broker.stop();
  await broker.start();
  await using undo = new AsyncDisposableStack();
  const listener = undo.use(await listen(broker.url));
  const program = undo.use(await startProgram(lab.bed, options));
  const opened = undo.move();
  return { lab, program, listener, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
