/**
 * Is the n-th failure in a row (n from 0) worth a line in the log? The first is, then the 4th, 16th, 64th, …: a fault
 * that lasts for days must not fill a disk.
 */
export function isWorthALine(attempt: number): boolean {
  return attempt === 0 || (attempt > 1 && Number.isInteger(Math.log2(attempt) / 2));
}
