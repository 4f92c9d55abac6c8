import { readFileSync } from "node:fs";

/** What a process has used so far. */
export interface Usage {
  /** In user and in kernel mode, all threads, in seconds; the kernel counts in hundredths. */
  readonly cpuSeconds: number;
  readonly residentMib: number;
  /** The most it ever had. */
  readonly peakMib: number;
}

/** USER_HZ, which is 100 on every Linux that Node.js runs on. */
const ticksPerSecond = 100;
const kibPerMib = 1024;

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html and proc_pid_status.5.html */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is the program's name in parentheses and may contain anything; the third follows it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const mibOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / kibPerMib;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentMib: mibOf("VmRSS"),
    peakMib: mibOf("VmHWM"),
  };
}
