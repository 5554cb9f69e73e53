/**
 * How long a broker takes to start on a large log, after a clean end and after a kill.
 *
 * ```sh
 * deno run --allow-read --allow-write --allow-net=127.0.0.1 bench/log_start.ts FOLDER [GIB] [PARTITIONS]
 * ```
 *
 * FOLDER is made, filled and removed; by default 5 GiB in 5 partitions.
 *
 * @module
 */
import { startBroker } from "../src/testing.ts";
import { WireClient } from "../tests/support/wire_client.ts";
import { ProduceRequest, ProduceResponse } from "../src/wire/messages/00_produce.ts";
import { encodeRecordBatch } from "../src/wire/records.ts";

const BATCH_BYTES = 1_000_000;
const GIB = 1024 ** 3;

const [folder = "", gib = "5", partitions = "5"] = Deno.args;
const partitionsCount = Number(partitions);
const batchesCount = Math.ceil(Number(gib) * GIB / BATCH_BYTES);
const options = { data: folder, topics: [{ name: "t", partitions: partitionsCount }] };
Deno.mkdirSync(folder);
try {
  {
    await using broker = await startBroker(options);
    await fill(broker.address);
    // As a kill leaves it: what is in the folder before the broker ends.
    copy(folder, `${folder}.killed`);
  }
  report("after a clean end", await timeOf(folder));
  report("after a kill", await timeOf(`${folder}.killed`));
} finally {
  for (const path of [folder, `${folder}.killed`]) Deno.removeSync(path, { recursive: true });
}

async function fill(address: string): Promise<void> {
  using client = await WireClient.connect(address);
  const value = new Uint8Array(BATCH_BYTES - 100);
  const records = encodeRecordBatch({ records: [{ timestamp: BigInt(Date.now()), key: null, value }] });
  for (let i = 0; i < batchesCount; i++) {
    const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: "t", partitionData: [{ index: i % partitionsCount, records }] }],
    });
    const errorCode = responses[0]?.partitionResponses[0]?.errorCode;
    if (errorCode !== 0) throw new Error(`Cannot fill the log: error ${errorCode}`);
  }
}

/** Hard links: the bytes stay where they are; what a start cuts or adds is little. */
function copy(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(`${from}/${name}`, `${to}/${name}`);
    else if (name.endsWith(".log") && from.includes("/topics/")) {
      Deno.linkSync(`${from}/${name}`, `${to}/${name}`);
    } else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

async function timeOf(data: string): Promise<{ ms: number; recordsCount: number }> {
  const startedAt = performance.now();
  await using broker = await startBroker({ ...options, data });
  return { ms: performance.now() - startedAt, recordsCount: broker.recovered.recordsCount };
}

function report(when: string, { ms, recordsCount }: { ms: number; recordsCount: number }): void {
  console.log(
    `${gib} GiB, ${partitions} partitions, ${recordsCount} records: ready in ${ms.toFixed(0)} ms ${when}`,
  );
}
