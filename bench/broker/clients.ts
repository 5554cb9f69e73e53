/**
 * The clients that work on both brokers alike: Java's own performance tools, librdkafka (as confluent-kafka), kafkajs.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { apacheKafkaFiles } from "../../tests/support/apache_kafka_files.ts";
import { buildPeer, PEERS_WORK } from "../peers.ts";

const SOURCES = fileURLToPath(new URL("./clients", import.meta.url));
const TIMEOUT_MS = 300_000;
const TOOLS = "org.apache.kafka.tools";

/** Bytes of a record's value. */
export const RECORD_BYTES = 1_024;
const MIB = 1024 * 1024;

/** A client that fills a topic and reads it. Both give MB/s, of 2^20 bytes as Kafka's tools count. */
export interface ThroughputClient {
  readonly name: string;
  readonly needs: string;
  build(): Promise<void>;
  produce(address: string, topic: string, records: number): Promise<number>;
  consume(address: string, topic: string, records: number): Promise<number>;
}

const java: ThroughputClient = {
  name: "Java's ProducerPerformance and ConsumerPerformance",
  needs: "java, mvn",
  build: async () => void await apacheKafkaFiles(),
  async produce(address, topic, records) {
    const text = await runJava(`${TOOLS}.ProducerPerformance`, [
      "--topic",
      topic,
      "--num-records",
      String(records),
      "--record-size",
      String(RECORD_BYTES),
      "--throughput",
      "-1",
      "--bootstrap-server",
      address,
      "--command-property",
      "acks=all",
    ]);
    // The last line sums up: `200000 records sent, 51000.1 records/sec (49.81 MB/sec), …`.
    const rates = [...text.matchAll(/\(([\d.]+) MB\/sec\)/g)];
    return numberOf(rates.at(-1)?.[1], text);
  },
  async consume(address, topic, records) {
    const text = await runJava(`${TOOLS}.ConsumerPerformance`, [
      "--topic",
      topic,
      "--num-records",
      String(records),
      "--bootstrap-server",
      address,
      "--hide-header",
    ]);
    // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, MB/s of fetching, records/s of fetching.
    const fields = text.trim().split("\n").findLast((line) => line.split(", ").length === 10)?.split(", ");
    return numberOf(fields?.[8], text);
  },
};

const librdkafka: ThroughputClient = {
  name: "librdkafka (confluent-kafka)",
  needs: "python3 with venv",
  build: () => buildPeer("confluent-kafka"),
  produce: (address, topic, records) => rdkafka("produce", address, topic, records),
  consume: (address, topic, records) => rdkafka("consume", address, topic, records),
};

const kafkajs: ThroughputClient = {
  name: "kafkajs",
  needs: "npm, node",
  build: () => buildPeer("kafkajs"),
  produce: (address, topic, records) => kafkajsRun("produce", address, topic, records),
  consume: (address, topic, records) => kafkajsRun("consume", address, topic, records),
};

export const THROUGHPUT_CLIENTS: readonly ThroughputClient[] = [java, librdkafka, kafkajs];

/** Milliseconds from a record's sending to its arrival, one record at a time. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of Java's clients, acks=all. */
export async function endToEndLatency(address: string, topic: string, records: number): Promise<Latency> {
  const text = await runJava(`${SOURCES}/EndToEnd.java`, [
    address,
    topic,
    String(records),
    String(RECORD_BYTES),
  ]);
  const [p50, p99] = text.trim().split("\n").at(-1)?.split(" ") ?? [];
  return { p50Ms: numberOf(p50, text), p99Ms: numberOf(p99, text) };
}

/** Records a second of `producers` of Java's clients in one process, each of which waits for its acknowledgement. */
export async function synchronousProducers(
  address: string,
  topic: string,
  producers: number,
  seconds: number,
): Promise<number> {
  const text = await runJava(`${SOURCES}/SynchronousProducers.java`, [
    address,
    topic,
    String(producers),
    String(seconds),
  ]);
  return numberOf(text.trim().split("\n").at(-1), text);
}

/** Produces at a steady rate, MB/s, until it has run for `seconds`. */
export async function steadyLoad(
  address: string,
  topic: string,
  mbPerS: number,
  seconds: number,
): Promise<void> {
  const perS = Math.round(mbPerS * MIB / RECORD_BYTES);
  await runJava(
    `${TOOLS}.ProducerPerformance`,
    [
      "--topic",
      topic,
      "--num-records",
      String(perS * seconds),
      "--record-size",
      String(RECORD_BYTES),
      "--throughput",
      String(perS),
      "--bootstrap-server",
      address,
      "--command-property",
      "acks=all",
    ],
    (seconds + 120) * 1_000,
  );
}

async function runJava(main: string, args: string[], timeoutMs = TIMEOUT_MS): Promise<string> {
  const { libs } = await apacheKafkaFiles();
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
  return await run("java", ["-Xmx512m", quiet, "-cp", `${libs}/*`, main, ...args], timeoutMs);
}

async function rdkafka(what: string, address: string, topic: string, records: number): Promise<number> {
  const python = `${PEERS_WORK}/venv/bin/python`;
  const text = await run(python, [
    `${SOURCES}/librdkafka.py`,
    what,
    address,
    topic,
    String(records),
    String(RECORD_BYTES),
  ]);
  return numberOf(text.trim(), text);
}

async function kafkajsRun(what: string, address: string, topic: string, records: number): Promise<number> {
  // Beside its packages, where Node looks for them.
  const script = `${PEERS_WORK}/node/throughput.mjs`;
  await Deno.copyFile(`${SOURCES}/kafkajs.mjs`, script);
  const text = await run("node", [script, what, address, topic, String(records), String(RECORD_BYTES)]);
  return numberOf(text.trim().split("\n").at(-1), text);
}

async function run(command: string, args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    signal: AbortSignal.timeout(timeoutMs),
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  const why = `${text}${new TextDecoder().decode(stderr)}`.trim().slice(-500);
  throw new Error(`'${command} ${args.slice(-6).join(" ")}' failed: ${why}`);
}

function numberOf(text: string | undefined, all: string): number {
  const value = Number(text);
  if (text !== undefined && value > 0) return value;
  throw new Error(`Cannot find the figure in what the client wrote: ${all.trim().slice(-500)}`);
}
