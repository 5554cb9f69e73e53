/**
 * Resident memory of each broker under a steady load, and whether it grows.
 *
 * @module
 */
import { sleep } from "../../src/base/stop.ts";
import { Progress } from "../progress.ts";
import { atMost, report, roundedAll, showTable } from "../results.ts";
import { newTopic } from "./brokers.ts";
import { steadyLoad } from "./clients.ts";
import { NAMES, type Pair, ratio, TITLES } from "./pair.ts";
import { startBroker } from "./brokers.ts";

const LOAD_MB_PER_S = 10;
const SAMPLES = 20;
/** What the last third may hold more than the second: the collector's noise. */
const FLAT = 1.1;

/** Measures, shows the table, and writes the section `broker rss`. */
export async function benchRss({ minutes }: { minutes: number }): Promise<void> {
  const samples: Pair<number[]> = { parley: [], kafka: [] };
  {
    using progress = new Progress(NAMES.length * SAMPLES);
    for (const name of NAMES) {
      await using broker = await startBroker(name);
      const seconds = minutes * 60;
      const load = steadyLoad(broker.address, await newTopic(broker), LOAD_MB_PER_S, seconds);
      for (let sample = 0; sample < SAMPLES; sample++) {
        progress.begin(`${TITLES[name]} under load`);
        await sleep(seconds * 1_000 / SAMPLES);
        samples[name].push(await broker.rssMb());
        progress.done();
      }
      await load;
    }
  }
  const rssMb = roundedAll({ parley: Math.max(...samples.parley), kafka: Math.max(...samples.kafka) });
  const third = Math.floor(SAMPLES / 3);
  const growth = mean(samples.parley.slice(-third)) / mean(samples.parley.slice(third, 2 * third));
  showTable([`RSS under ${LOAD_MB_PER_S} MB/s, MB`, ""], [
    [TITLES.parley, String(rssMb.parley)],
    [TITLES.kafka, String(rssMb.kafka)],
  ]);
  await report("broker rss", { minutes, rssMb, samplesMb: samples.parley.map(Math.round) }, [
    atMost("Parley's RSS / Kafka's", ratio(rssMb), 0.35),
    atMost("Parley's RSS, last third / second third", growth, FLAT),
  ]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
