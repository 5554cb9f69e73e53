/** The end of a transaction: its marker, and what its producer may do after somebody else has ended it. */
import assert from "node:assert/strict";
import { decodeEndTxnMarker, encodeEndTxnMarker } from "../../src/wire/control_records.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import {
  BatchAttribute,
  patchBaseOffset,
  patchPartitionLeaderEpoch,
  readBatchHeader,
} from "../../src/wire/record_batch.ts";
import { batchOf } from "../support/batches.ts";
import {
  type Ask,
  conform,
  type Conformance,
  like,
  type ProducerId,
  type Topic,
  until,
} from "../support/conform.ts";
import { EndTxn, Fetch, InitProducerId, Produce } from "../support/wire_pairs.ts";
import { fetchOf, produceOf } from "./requests.ts";

const NONE = ErrorCode.NONE;
const READ_COMMITTED = 1;
/** From here on the epoch rises with each transaction (KIP-890). */
const EPOCH_PER_TRANSACTION = 5;
const PRODUCE_WITH_890 = 12;

interface Transaction extends ProducerId {
  readonly transactionalId: string;
}

/** A producer with a record in a transaction that is under way. */
async function underWay(test: Conformance): Promise<{ of: Transaction; topic: Topic }> {
  const { ask, newProducer, newTopic, newTransactionalId } = test;
  const transactionalId = await newTransactionalId();
  const of = { transactionalId, ...await newProducer(transactionalId) };
  const topic = await newTopic();
  const { producerId, producerEpoch } = of;
  const records = batchOf(["a"], { producerId, producerEpoch, baseSequence: 0, isTransactional: true });
  const request = produceOf(topic, records, { transactionalId });
  const { responses } = await ask(Produce, request, PRODUCE_WITH_890);
  like(responses[0]?.partitionResponses[0], { errorCode: NONE });
  return { of, topic };
}

/** What is there from an offset on, once the transaction's marker is the last of all. */
async function untilEnded(ask: Ask, topic: Topic, offset = 0n): Promise<Uint8Array> {
  let records = new Uint8Array();
  await until(async () => {
    const { responses } = await ask(Fetch, fetchOf(topic, offset, { isolationLevel: READ_COMMITTED }));
    const answer = responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
    records = new Uint8Array(answer.records ?? []);
    return answer.lastStableOffset === 2n;
  });
  return records;
}

async function init(
  ask: Ask,
  { transactionalId, ...named }: Partial<Transaction> & { transactionalId: string },
) {
  return await ask(InitProducerId, { transactionalId, transactionTimeoutMs: 60_000, ...named }, 4);
}

conform(EndTxn, "writes a marker, byte for byte", async (test) => {
  const { ask } = test;
  for (const committed of [true, false]) {
    const { of, topic } = await underWay(test);
    const { transactionalId, producerId, producerEpoch } = of;
    const request = { transactionalId, producerId, producerEpoch, committed };
    const { errorCode } = await ask(EndTxn, request, EPOCH_PER_TRANSACTION);
    assert.equal(errorCode, NONE);
    await untilEnded(ask, topic);
    const marker = await untilEnded(ask, topic, 1n);
    const { attributes, baseTimestamp, partitionLeaderEpoch } = readBatchHeader(marker);
    assert.notEqual(attributes & BatchAttribute.control, 0);
    const expected = encodeEndTxnMarker({
      isCommit: committed,
      coordinatorEpoch: decodeEndTxnMarker(marker)?.coordinatorEpoch ?? assert.fail("it is no marker"),
      producerId,
      producerEpoch: producerEpoch + 1,
      timestamp: baseTimestamp,
    });
    patchBaseOffset(expected, 0, 1n);
    patchPartitionLeaderEpoch(expected, 0, partitionLeaderEpoch);
    assert.equal(marker.toHex(), expected.toHex());
  }
}, { versions: [EPOCH_PER_TRANSACTION] });

conform(
  InitProducerId,
  "lets a producer go on that names its epoch, after its transaction was aborted by it",
  async (test) => {
    const { ask } = test;
    const { of, topic } = await underWay(test);
    assert.equal((await init(ask, of)).errorCode, ErrorCode.CONCURRENT_TRANSACTIONS);
    await untilEnded(ask, topic);
    let next = await init(ask, of);
    await until(async () => {
      if (next.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) next = await init(ask, of);
      return next.errorCode === NONE;
    });
    // The abort took one epoch, and nobody else came.
    like(next, { producerId: of.producerId, producerEpoch: of.producerEpoch + 1 });
  },
  { versions: [4] },
);

conform(EndTxn, "knows what somebody else has ended", async (test) => {
  const { ask } = test;
  const { of, topic } = await underWay(test);
  const { transactionalId, producerId, producerEpoch } = of;
  assert.equal((await init(ask, { transactionalId })).errorCode, ErrorCode.CONCURRENT_TRANSACTIONS);
  await untilEnded(ask, topic);
  const end = async (committed: boolean, version = EPOCH_PER_TRANSACTION) => {
    const request = { transactionalId, producerId, producerEpoch, committed };
    let answer = await ask(EndTxn, request, version);
    await until(async () => {
      if (answer.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) {
        answer = await ask(EndTxn, request, version);
      }
      return answer.errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS;
    });
    return answer;
  };
  assert.equal((await end(true, 4)).errorCode, ErrorCode.PRODUCER_FENCED);
  assert.equal((await end(true)).errorCode, ErrorCode.INVALID_TXN_STATE);
  like(await end(false), { errorCode: NONE, producerId, producerEpoch: producerEpoch + 1 });
}, { versions: [EPOCH_PER_TRANSACTION] });
