import type { Entry } from "../../../core/ports.ts";

/** How long the end of an update that has not gone well is shown, in milliseconds. */
export const errorShownMs = 30_000;

/** `GET /api/images/{id}/progress`; undefined where no update is under way. */
export function progressOf({ progress, lastResult }: Entry, now: number): object | undefined {
  if (progress?.command === "update") {
    switch (progress.phase) {
      case "idle":
      case "queued":
        return view("...", 0, 0, 0, "connecting");
      case "pulling": {
        if (progress.pull === undefined) return view("...", 0, 0, 0, "connecting");
        const { layer, bytes, totalBytes, word } = progress.pull;
        return view(layer, bytes, totalBytes, totalBytes === 0 ? 0 : Math.floor((100 * bytes) / totalBytes), word);
      }
      default:
        return view("", 0, 0, 100, "recreating");
    }
  }
  if (lastResult?.command !== "update" || now - Date.parse(lastResult.finishedAt) > errorShownMs) return undefined;
  const hasFailed = ["failed", "rolled_back", "rejected", "cancelled"].includes(lastResult.state);
  return hasFailed ? view("", 0, 0, 0, `error: ${lastResult.message}`) : undefined;
}

function view(layer: string, current: number, total: number, percent: number, status: string): object {
  return { layer, current, total, percent, status };
}
