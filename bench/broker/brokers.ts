/**
 * The two brokers that are measured: Parley's, as `parley broker` with its log on disk, and Apache Kafka.
 *
 * @module
 */
import { sleep } from "../../src/base/stop.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { ApacheKafka } from "../../tests/support/apache_kafka.ts";
import { brokersKnownTo } from "../../tests/support/kafka_probe.ts";
import { ParleyProcess } from "../participant.ts";
import { rssMb } from "../process.ts";
import { settingsFor } from "../talks.ts";

/** Kafka's own default in its start script. */
const KAFKA_HEAP_MB = 1024;
const READY = /ready on (\S+?),/;
const PROBE_MS = 1;

/** Which of the two. */
export type BrokerName = "parley" | "kafka";

/** A broker that runs in a process of its own, with its data in a temporary folder. */
export interface MeasuredBroker extends AsyncDisposable {
  readonly name: BrokerName;
  readonly address: string;
  /** From the process's start to the first metadata answer; Kafka's formatting is not counted. */
  readonly startMs: number;
  /** Resident memory now, in MB. */
  rssMb(): Promise<number>;
}

/** How a broker is to run. */
export interface BrokerSetting {
  /** Whether an acknowledged record survives a power loss. */
  readonly fsync?: boolean;
}

/** Starts one. */
export function startBroker(
  name: BrokerName,
  { fsync = false }: BrokerSetting = {},
): Promise<MeasuredBroker> {
  switch (name) {
    case "parley":
      return startParley(fsync ? ["--fsync"] : []);
    case "kafka":
      return startKafka(fsync ? { "log.flush.interval.messages": "1" } : {});
  }
}

async function startParley(flags: string[]): Promise<MeasuredBroker> {
  const startedAt = performance.now();
  const process = await ParleyProcess.spawn("broker", ...flags);
  try {
    const [, address = ""] = await process.until(READY);
    const port = Number(address.split(":").at(-1));
    while (await brokersKnownTo(port).catch(() => 0) === 0) await sleep(PROBE_MS);
    const startMs = performance.now() - startedAt;
    return {
      name: "parley",
      address,
      startMs,
      rssMb: () => rssMb(process.pid),
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

async function startKafka(config: Record<string, string>): Promise<MeasuredBroker> {
  const kafka = await ApacheKafka.start({ heapMb: KAFKA_HEAP_MB, config });
  return {
    name: "kafka",
    address: kafka.bootstrapServers[0] ?? "",
    startMs: kafka.startMs,
    rssMb: () => rssMb(kafka.pid(1) ?? 0),
    [Symbol.asyncDispose]: () => kafka.stop(),
  };
}

/** Makes a topic that no other run uses. */
export async function newTopic(broker: MeasuredBroker, numPartitions = 1): Promise<string> {
  const topic = `bench-${crypto.randomUUID().slice(0, 8)}`;
  await using admin = await Admin.connect(settingsFor(broker.address));
  await admin.createTopics([{ topic, numPartitions }]);
  return topic;
}
