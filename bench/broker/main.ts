/**
 * `deno task bench:broker [NAME...] [--rounds 3] [--records 200000] [--minutes 1]`: Parley's broker beside Apache Kafka, in
 * the same run and with the same clients. Without a name, all of it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeError } from "../../src/base/errors.ts";
import { benchFsync } from "./fsync.ts";
import { benchLatency } from "./latency.ts";
import { benchRss } from "./rss.ts";
import { benchBrokerStart } from "./start.ts";
import { benchThroughput } from "./throughput.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    records: { type: "string", default: "200000" },
    minutes: { type: "string", default: "1" },
  },
});
const rounds = positive("--rounds", values.rounds);
const records = positive("--records", values.records);
const minutes = positive("--minutes", values.minutes);

const BENCHMARKS: Record<string, () => Promise<void>> = {
  throughput: () => benchThroughput({ rounds, records }),
  latency: () => benchLatency({ rounds }),
  start: () => benchBrokerStart({ rounds }),
  fsync: () => benchFsync({ rounds }),
  rss: () => benchRss({ minutes }),
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
    console.error(`${name} failed: ${describeError(error)}`);
    Deno.exitCode = 1;
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`${flag} must be a positive integer: current value is ${text}`);
}
