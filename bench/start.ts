/**
 * From `parley demo chat` started, its data folder empty, to the first reply; against Apache Kafka's own start to its
 * first metadata answer, formatting not counted.
 *
 * @module
 */
import { ApacheKafka } from "../tests/support/apache_kafka.ts";
import { median } from "./load.ts";
import { ParleyProcess } from "./participant.ts";
import { Progress } from "./progress.ts";
import { atMost, report, roundedAll, showTable } from "./results.ts";

const FIRST_REPLY = /^jarvis: /m;

/** Measures in interleaved rounds, shows the table, and writes the section `start`. */
export async function benchStart({ rounds }: { readonly rounds: number }): Promise<void> {
  const parley: number[] = [];
  const kafka: number[] = [];
  {
    using progress = new Progress(2 * rounds);
    for (let round = 0; round < rounds; round++) {
      progress.begin("parley demo chat");
      parley.push(await demoMs());
      progress.done();
      progress.begin("Apache Kafka");
      await using cluster = await ApacheKafka.start({ heapMb: 1024 });
      kafka.push(cluster.startMs);
      progress.done();
    }
  }
  const parleyMs = median(parley);
  const kafkaMs = median(kafka);
  const figures = roundedAll({ parleyFirstReplyMs: parleyMs, kafkaFirstMetadataMs: kafkaMs });
  showTable(["from the start to", "ms"], [
    ["Parley's first reply", String(figures.parleyFirstReplyMs)],
    ["Apache Kafka's first metadata answer", String(figures.kafkaFirstMetadataMs)],
  ]);
  await report("start", { rounds, ...figures }, [
    atMost("Parley's first reply / Kafka's metadata", parleyMs / kafkaMs, 0.4),
  ]);
}

async function demoMs(): Promise<number> {
  const startedAt = performance.now();
  await using demo = await ParleyProcess.spawn("demo", "chat");
  await demo.until(FIRST_REPLY);
  return performance.now() - startedAt;
}
