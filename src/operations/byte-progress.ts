import type { Phase } from "../core/operation.ts";
import type { Report } from "./runner.ts";

/** Without a total there are no percents to tell. */
const stepBytes = 64 * 2 ** 20;

/** Tells how many bytes are done, whenever that has come to another percent. More may be done than was expected. */
export function byteProgress(report: Report, phase: Phase, total: number | undefined): (done: number) => void {
  let told: number | undefined;
  return (done) => {
    const percent = total === undefined ? undefined : Math.min(99, Math.floor((100 * done) / Math.max(total, 1)));
    const step = percent ?? Math.floor(done / stepBytes);
    if (step === told) return;
    told = step;
    const bytes = total === undefined ? { done } : { done, total };
    report({ phase, ...(percent === undefined ? {} : { percent }), bytes });
  };
}
