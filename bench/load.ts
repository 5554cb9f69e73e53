/**
 * The work that every client in the benchmark does. The peers do the same, each in its own language: see program.ts.
 *
 * @module
 */
import type { Measured } from "./program.ts";

const WARM_UP = 2_000;

/** The payload of every request: 64 bytes. */
export const PAYLOAD = "x".repeat(64);

/** Calls once and waits for the reply. */
export type Call = () => Promise<unknown>;

/** What {@linkcode measureLoad} measures: all that is seen from inside. */
export type Load = Omit<Measured, "version" | "peakRssMb">;

/**
 * Does the work.
 *
 * @param startedAt when the first object of the client was made, on performance.now()
 */
export async function measureLoad(call: Call, n: number, startedAt: number): Promise<Load> {
  await call();
  const firstReplyMs = performance.now() - startedAt;
  for (let i = 0; i < WARM_UP; i++) await call();
  const serialStart = performance.now();
  const latencies = await serialMs(call, n);
  const serialTook = performance.now() - serialStart;
  return {
    firstReplyMs,
    serialP50Ms: quantile(latencies, 0.5),
    serialP99Ms: quantile(latencies, 0.99),
    calls1PerS: n / serialTook * 1000,
    calls64PerS: await callsPerS(call, 64, 20 * n),
    calls512PerS: await callsPerS(call, 512, 40 * n),
  };
}

/** The time of each of `n` calls, one after the other, in milliseconds, ascending. */
export async function serialMs(call: Call, n: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < n; i++) {
    const sentAt = performance.now();
    await call();
    latencies.push(performance.now() - sentAt);
  }
  return latencies.sort((a, b) => a - b);
}

/** How many calls a second are done with `inFlight` at a time, over `total` calls. */
export async function callsPerS(call: Call, inFlight: number, total: number): Promise<number> {
  let left = total;
  const lane = async () => {
    while (left-- > 0) await call();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return total / (performance.now() - start) * 1000;
}

/** The value below which the share `q` of the ascending `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  return values[Math.min(Math.floor(values.length * q), values.length - 1)] ?? NaN;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile([...values].sort((a, b) => a - b), 0.5);
}
