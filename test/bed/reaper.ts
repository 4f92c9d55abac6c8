import { removeTraces } from "./traces.ts";

/**
 * Removes the bed of the directory that is its only argument. Run when the process that opened the bed has died without
 * closing it.
 */
const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: reaper.ts DIRECTORY");
await removeTraces(directory);
