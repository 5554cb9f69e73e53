/**
 * What Linux tells about a process, from /proc. By `cat`, as Deno would want all permissions to read there itself.
 *
 * @module
 */

/** Clock ticks a second: USER_HZ is 100 on every Linux that Deno runs on. */
const TICKS_PER_S = 100;

/** The largest resident set that a process has had, in MB; 0 when it is gone. */
export async function peakRssMb(pid: number): Promise<number> {
  return megabytes(await read(pid, "status"), "VmHWM");
}

/** The resident set of a process, in MB; 0 when it is gone. */
export async function rssMb(pid: number): Promise<number> {
  return megabytes(await read(pid, "status"), "VmRSS");
}

/** The processor time that a process has used, in milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await read(pid, "stat");
  // The name, in brackets, may hold spaces: the numbered fields begin after it, with field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1000 / TICKS_PER_S;
}

async function read(pid: number, file: "stat" | "status"): Promise<string> {
  const cat = new Deno.Command("cat", { args: [`/proc/${pid}/${file}`], stderr: "null" });
  return new TextDecoder().decode((await cat.output()).stdout);
}

function megabytes(status: string, key: string): number {
  const kilobytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return Number(kilobytes ?? 0) * 1024 / 1e6;
}
