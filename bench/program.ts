/**
 * Runs a program that measures one client: `COMMAND BROKER N`, which prints one line of JSON.
 *
 * All do the same work: a request of 64 bytes on one topic of one partition, answered with the same bytes on another;
 * the first reply, 2,000 calls to warm up, N one after the other, 20 N with 64 in flight, 40 N with 512 in flight.
 *
 * @module
 */
import { sleep, within } from "../src/base/stop.ts";
import { peakRssMb } from "./process.ts";

const TIMEOUT_MS = 300_000;
/** The peak is read so often while the program runs; it only grows. */
const SAMPLE_MS = 300;

/** What a program measured. `peakRssMb` is seen from outside. */
export interface Measured {
  readonly version: string;
  /** From the client's first object to the first reply; topics are there already. */
  readonly firstReplyMs: number;
  readonly serialP50Ms: number;
  readonly serialP99Ms: number;
  readonly calls1PerS: number;
  readonly calls64PerS: number;
  readonly calls512PerS: number;
  readonly peakRssMb: number;
}

/** The figures of {@linkcode Measured}, in the order in which they are shown. */
export const FIGURES = [
  "firstReplyMs",
  "serialP50Ms",
  "serialP99Ms",
  "calls1PerS",
  "calls64PerS",
  "calls512PerS",
  "peakRssMb",
] as const satisfies (keyof Measured)[];

/**
 * Runs one program once.
 *
 * @throws {Error} with the end of what it wrote on stderr, if it fails or takes longer than five minutes
 */
export async function runProgram(command: readonly string[], broker: string, n: number): Promise<Measured> {
  const [file = "", ...args] = command;
  const child = new Deno.Command(file, {
    args: [...args, broker, String(n)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = new AbortController();
  const peak = samplePeakMb(child.pid, ended.signal);
  const output = child.output();
  try {
    const { success, stdout, stderr } = await within(output, TIMEOUT_MS, () => {
      child.kill("SIGKILL");
      return new Error(`'${file}' did not end within ${TIMEOUT_MS} ms`);
    });
    const line = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
    if (!success || line === "") {
      throw new Error(
        `'${command.join(" ")}' failed: ${new TextDecoder().decode(stderr).trim().slice(-500)}`,
      );
    }
    ended.abort();
    return { ...JSON.parse(line), peakRssMb: await peak };
  } finally {
    ended.abort();
    await Promise.all([output, peak]);
  }
}

async function samplePeakMb(pid: number, ended: AbortSignal): Promise<number> {
  let peak = 0;
  while (!ended.aborted) {
    peak = Math.max(peak, await peakRssMb(pid));
    await sleep(SAMPLE_MS, ended).catch(() => {});
  }
  return peak;
}
