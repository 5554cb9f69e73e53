/**
 * `deno task bench [NAME...] [--kafka] [--peers] [--rounds 5] [--n 1000]`: measures, shows tables, and writes
 * bench/results.json. Without a name, all of them.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeError } from "../src/base/errors.ts";
import { benchCalls } from "./calls.ts";
import { benchGrowth } from "./growth.ts";
import { benchIdle } from "./idle.ts";
import { benchMemory } from "./memory.ts";
import { benchStart } from "./start.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kafka: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    n: { type: "string", default: "1000" },
  },
});
const { kafka, peers } = values;
const rounds = positiveInteger("--rounds", values.rounds);
const n = positiveInteger("--n", values.n);

const BENCHMARKS: Record<string, () => Promise<void>> = {
  calls: () => benchCalls({ rounds, n, kafka, peers }),
  start: () => benchStart({ rounds }),
  idle: () => benchIdle(),
  // What is looked for is small: more calls than elsewhere.
  growth: () => benchGrowth({ rounds, n: 5 * n }),
  memory: () => benchMemory(),
};

for (const name of positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals) {
  const bench = BENCHMARKS[name];
  if (bench === undefined) {
    throw new RangeError(`There is no benchmark '${name}': there are ${Object.keys(BENCHMARKS).join(", ")}`);
  }
  console.log(`\n${name}`);
  try {
    await bench();
  } catch (error) {
    // The others can do without it: without Java, for one, there is no Apache Kafka.
    console.error(`${name} failed: ${describeError(error)}`);
    Deno.exitCode = 1;
  }
}

function positiveInteger(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`${flag} must be a positive integer: current value is ${text}`);
}
