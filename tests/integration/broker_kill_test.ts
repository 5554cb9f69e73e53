import assert from "node:assert/strict";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { CreateTopicsRequest, CreateTopicsResponse } from "../../src/wire/messages/19_create_topics.ts";
import { recordBatches } from "../../src/wire/record_batch.ts";
import { IdempotentLoad, IN_FLIGHT, type LoadTransaction, TransactionalLoad } from "../support/kill_loads.ts";
import { Victim } from "../support/victim.ts";
import { visibleRecords } from "../support/visible_records.ts";
import { WireClient } from "../support/wire_client.ts";

const ROUNDS = 50;
const PLAIN = "plain";
const TRANSACTIONAL = "transactional";
const PARTITIONS = 2;
const READ_COMMITTED = 1;

/** The values that a read_committed reader sees of a partition, in their order. */
async function readAll(client: WireClient, topic: string, partition: number): Promise<string[]> {
  const values: string[] = [];
  for (let fetchOffset = 0n;;) {
    const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
    const answer = responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
    assert.equal(answer.lastStableOffset, answer.highWatermark, "a transaction was left open");
    const records = visibleRecords(answer.records ?? new Uint8Array(), answer.abortedTransactions ?? []);
    values.push(...records.filter(({ offset }) => offset >= fetchOffset).map(({ value }) => value));
    let next = fetchOffset;
    for (const { baseOffset, lastOffsetDelta } of recordBatches(answer.records ?? new Uint8Array())) {
      next = baseOffset + BigInt(lastOffsetDelta) + 1n;
    }
    if (next === fetchOffset) return values;
    fetchOffset = next;
  }
}

async function createTopic(address: string): Promise<void> {
  using client = await WireClient.connect(address);
  await client.call(CreateTopicsRequest, CreateTopicsResponse, 5, {
    topics: [{
      name: TRANSACTIONAL,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }],
    timeoutMs: 1_000,
  });
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name: TRANSACTIONAL }] });
}

/** Holds what is seen of the transactions against what their producer knows. */
function checkTransactions(transactions: readonly LoadTransaction[], seen: readonly string[][]): void {
  const isThere = (transaction: LoadTransaction) =>
    transaction.records.filter(({ partition, value }) => seen[partition]?.includes(value)).length;
  const committed = transactions.filter((transaction) => {
    if (transaction.outcome !== "undecided") return transaction.outcome === "committed";
    // All of it or nothing.
    const count = isThere(transaction);
    assert.ok(
      count === 0 || count === transaction.records.length,
      `${count} of ${transaction.records.length}`,
    );
    return count > 0;
  });
  for (const [partition, values] of seen.entries()) {
    const expected = committed.flatMap(({ records }) => records.filter((one) => one.partition === partition));
    assert.deepEqual(values, expected.map(({ value }) => value));
  }
}

Deno.test(`Broker loses and doubles nothing that it acknowledged, killed ${ROUNDS} times under idempotent and transactional load`, async () => {
  const data = await Deno.makeTempDir();
  try {
    const plain = new IdempotentLoad(PLAIN);
    const transactional = new TransactionalLoad(TRANSACTIONAL, PARTITIONS);
    for (let round = 0; round < ROUNDS; round++) {
      await using victim = await Victim.start(data);
      if (round === 0) await createTopic(victim.address);
      const isAnew = round % 3 === 2;
      await Promise.all([
        plain.run(victim.address),
        transactional.run(victim.address, 5 + 7 * (round % 4) + round % 5, isAnew, () => victim.kill()),
      ]);
    }
    await using survivor = await Victim.start(data);
    await transactional.settle(survivor.address);
    using client = await WireClient.connect(survivor.address);
    const values = await readAll(client, PLAIN, 0);
    // What was under way at the last kill may be there too, but no gap, and nothing twice.
    assert.deepEqual(values, values.map((_, i) => `${i}`));
    assert.ok(values.length >= plain.acknowledged && values.length <= plain.acknowledged + IN_FLIGHT);
    const seen: string[][] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      seen.push(await readAll(client, TRANSACTIONAL, partition));
    }
    checkTransactions(transactional.transactions, seen);
    assert.ok(
      transactional.transactions.some(({ outcome }) => outcome === "undecided" || outcome === "aborted"),
    );
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});
