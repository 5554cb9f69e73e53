/**
 * What Linux tells about a process, from /proc.
 *
 * @module
 */

/** Clock ticks a second: USER_HZ is 100 on every Linux that Deno runs on. */
const TICKS_PER_S = 100;

/** The largest resident set that a process has had, in MB; 0 when it is gone. */
export function peakRssMb(pid: number): number {
  return statusMb(pid, "VmHWM");
}

/** The resident set of a process, in MB; 0 when it is gone. */
export function rssMb(pid: number): number {
  return statusMb(pid, "VmRSS");
}

/**
 * The processor time that a process has used, in milliseconds.
 *
 * @throws {Deno.errors.NotFound} if there is no such process
 */
export function cpuMs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name, in brackets, may hold spaces: the numbered fields begin after it, with field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS_PER_S;
}

function statusMb(pid: number, key: string): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kilobytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    return Number(kilobytes ?? 0) * 1024 / 1e6;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
