/**
 * MB/s of records of 1 KiB, in and out, acks=all, one partition.
 *
 * @module
 */
import { describeError } from "../../src/base/errors.ts";
import { Progress } from "../progress.ts";
import { atLeast, type Mark, report, rounded, roundedAll, showTable } from "../results.ts";
import { newTopic } from "./brokers.ts";
import { RECORD_BYTES, THROUGHPUT_CLIENTS } from "./clients.ts";
import { Brokers, type Pair, ratio, stepsOf, TITLES } from "./pair.ts";

/** Of kafkajs, which is slower: so that a round takes about as long. */
const KAFKAJS_SHARE = 1 / 4;

/** Measures, shows the table, and writes the section `broker throughput`. */
export async function benchThroughput(
  { rounds, records }: { rounds: number; records: number },
): Promise<void> {
  await using brokers = await Brokers.start();
  const rows: { client: string; what: string; mbPerS: Pair }[] = [];
  {
    using progress = new Progress(THROUGHPUT_CLIENTS.length * 2 * stepsOf(rounds));
    for (const client of THROUGHPUT_CLIENTS) {
      try {
        await client.build();
      } catch (error) {
        console.error(`${client.name} is left out: ${describeError(error)} (it needs ${client.needs})`);
        continue;
      }
      const count = client.name === "kafkajs" ? Math.ceil(records * KAFKAJS_SHARE) : records;
      const filled = new Map<string, string>();
      const produced = await brokers.medians(`${client.name}, produce`, rounds, progress, async (broker) => {
        const topic = await newTopic(broker);
        filled.set(broker.name, topic);
        return await client.produce(broker.address, topic, count);
      });
      const consumed = await brokers.medians(
        `${client.name}, consume`,
        rounds,
        progress,
        (broker) => client.consume(broker.address, filled.get(broker.name) ?? "", count),
      );
      rows.push({ client: client.name, what: "produce", mbPerS: produced });
      rows.push({ client: client.name, what: "consume", mbPerS: consumed });
    }
  }
  showTable(
    ["MB/s", "", TITLES.parley, TITLES.kafka, "ratio"],
    rows.map(({ client, what, mbPerS }) => [
      client,
      what,
      String(rounded(mbPerS.parley)),
      String(rounded(mbPerS.kafka)),
      String(rounded(ratio(mbPerS))),
    ]),
  );
  const marks: Mark[] = rows.map(({ client, what, mbPerS }) =>
    atLeast(`${client}: ${what}`, ratio(mbPerS), 1)
  );
  await report("broker throughput", {
    rounds,
    records,
    recordBytes: RECORD_BYTES,
    mbPerS: rows.map(({ client, what, mbPerS }) => ({ client, what, ...roundedAll({ ...mbPerS }) })),
  }, marks);
}
