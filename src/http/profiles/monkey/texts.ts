/*
 * Figures as Docker's command line writes them, which Container Monkey passes on.
 */

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const decimal = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes as `docker stats` has memory: `10MiB`, `1.95GiB`. */
export function binaryText(bytes: number): string {
  return sizeText(bytes, 1024, binary, 4);
}

/** Bytes as `docker images` has them: `192MB`. */
export function decimalText(bytes: number): string {
  return sizeText(bytes, 1000, decimal, 3);
}

function sizeText(bytes: number, base: number, units: readonly string[], digits: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit += 1;
  }
  return `${Number(size.toPrecision(digits))}${units[unit]}`;
}

const minute = 60;
const hour = 3_600;

/** How long something lasts, as `docker ps` has it: `2 hours`, `About a minute`. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / hour + 0.5);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < minute) return `${seconds} seconds`;
  if (seconds < 2 * minute) return "About a minute";
  if (seconds < hour) return `${Math.floor(seconds / minute)} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
