/**
 * From a record's sending to its arrival at a consumer, one at a time: alone, and with a thousand partitions and five
 * hundred connections held.
 *
 * @module
 */
import { median } from "../load.ts";
import { Progress } from "../progress.ts";
import { atMost, type Mark, report, rounded, roundedAll, showTable } from "../results.ts";
import { type MeasuredBroker, newTopic } from "./brokers.ts";
import { endToEndLatency, type Latency } from "./clients.ts";
import { Crowd } from "./crowd.ts";
import { Brokers, type Pair, ratio, stepsOf, TITLES } from "./pair.ts";

const RECORDS = 10_000;
const CROWD_PARTITIONS = 1_000;
const CROWD_CONNECTIONS = 500;

/** Measures, shows the table, and writes the section `broker latency`. */
export async function benchLatency({ rounds }: { rounds: number }): Promise<void> {
  await using brokers = await Brokers.start();
  const alone: Pair<Latency[]> = { parley: [], kafka: [] };
  const crowded: Pair<Latency[]> = { parley: [], kafka: [] };
  {
    using progress = new Progress(2 * stepsOf(rounds));
    await brokers.medians("latency", rounds, progress, (broker) => measure(broker, alone));
    const topics = new Map<string, string>();
    await brokers.medians("latency in a crowd", rounds, progress, async (broker) => {
      const topic = topics.get(broker.name) ?? await newTopic(broker, CROWD_PARTITIONS);
      topics.set(broker.name, topic);
      await using _crowd = await Crowd.gather(broker.address, topic, CROWD_PARTITIONS, CROWD_CONNECTIONS);
      return await measure(broker, crowded);
    });
  }
  const rows = [
    { what: "p50", ms: mediansOf(alone, "p50Ms"), mark: 0.6 },
    { what: "p99", ms: mediansOf(alone, "p99Ms"), mark: 0.6 },
    { what: "p50 in a crowd", ms: mediansOf(crowded, "p50Ms"), mark: undefined },
    { what: "p99 in a crowd", ms: mediansOf(crowded, "p99Ms"), mark: 1 },
  ];
  showTable(
    ["produce to consume, ms", TITLES.parley, TITLES.kafka, "ratio"],
    rows.map(({ what, ms }) => [
      what,
      String(rounded(ms.parley)),
      String(rounded(ms.kafka)),
      String(rounded(ratio(ms))),
    ]),
  );
  const marks: Mark[] = [];
  for (const { what, ms, mark } of rows) if (mark !== undefined) marks.push(atMost(what, ratio(ms), mark));
  await report("broker latency", {
    rounds,
    records: RECORDS,
    crowd: { partitions: CROWD_PARTITIONS, connections: CROWD_CONNECTIONS },
    ms: Object.fromEntries(rows.map(({ what, ms }) => [what, roundedAll({ ...ms })])),
  }, marks);
}

async function measure(broker: MeasuredBroker, into: Pair<Latency[]>): Promise<number> {
  const latency = await endToEndLatency(broker.address, await newTopic(broker), RECORDS);
  into[broker.name].push(latency);
  return latency.p50Ms;
}

/** Of all rounds but the first, in which both are slow. */
function mediansOf(measured: Pair<Latency[]>, figure: keyof Latency): Pair {
  const of = (latencies: readonly Latency[]) => median(latencies.slice(1).map((latency) => latency[figure]));
  return { parley: of(measured.parley), kafka: of(measured.kafka) };
}
