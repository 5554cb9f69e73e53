/**
 * From a broker's process started to its first metadata answer, nothing in its log.
 *
 * @module
 */
import { median } from "../load.ts";
import { Progress } from "../progress.ts";
import { atMost, report, roundedAll, showTable } from "../results.ts";
import { startBroker } from "./brokers.ts";
import { NAMES, type Pair, ratio, TITLES } from "./pair.ts";

/** Measures, shows the table, and writes the section `broker start`. */
export async function benchBrokerStart({ rounds }: { rounds: number }): Promise<void> {
  const measured: Pair<number[]> = { parley: [], kafka: [] };
  {
    using progress = new Progress(rounds * NAMES.length);
    for (let round = 0; round < rounds; round++) {
      for (const name of NAMES) {
        progress.begin(TITLES[name]);
        await using broker = await startBroker(name);
        measured[name].push(broker.startMs);
        progress.done();
      }
    }
  }
  const startMs = roundedAll({ parley: median(measured.parley), kafka: median(measured.kafka) });
  showTable(["start to the first metadata answer", "ms"], [
    [TITLES.parley, String(startMs.parley)],
    [TITLES.kafka, String(startMs.kafka)],
  ]);
  await report("broker start", { rounds, startMs }, [
    atMost("Parley's start / Kafka's", ratio(startMs), 0.05),
  ]);
}
