import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../../../src/broker/config.ts";
import { DEFAULT_LIMITS } from "../../../../src/broker/limits.ts";
import { BrokerState } from "../../../../src/broker/state/broker_state.ts";
import { Later } from "../../../../src/broker/state/later.ts";
import type { Partition } from "../../../../src/broker/state/partition.ts";
import { StorageError } from "../../../../src/broker/state/storage.ts";
import type {
  ProducerResult,
  TransactionalProducer,
} from "../../../../src/broker/state/transactional_producer.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { batchOf } from "../../../support/batches.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { RefusingStorage } from "../../../support/refusing_storage.ts";

const TIMEOUT_MS = 10_000;
const RETRY_MS = 1_000;
const DAY_MS = 86_400_000;
const PLACE = { topic: "t", partition: 0 };

/** A broker's state without a socket, and what a producer does on it. */
class Bench {
  readonly clock: FakeClock;
  readonly state: BrokerState;
  readonly notes: readonly string[];

  constructor(
    readonly storage = new RefusingStorage(),
    epochMs = 1_700_000_000_000,
    maxTransactionalIds = 10,
  ) {
    this.clock = new FakeClock(epochMs);
    const limits = { ...DEFAULT_LIMITS, maxTransactionalIds };
    const options = { storage, clusterId: "c", config: DEFAULT_CONFIG, limits, clock: this.clock };
    this.state = new BrokerState(options);
    this.notes = this.state.open().notes;
    if (this.state.topics.get("t") === undefined) this.state.topics.create("t", 2, new Map());
  }

  get partition(): Partition {
    return this.state.topics.partition("t", 0) ?? assert.fail("there is no partition");
  }

  init(transactionalId = "x", named?: { producerId: bigint; producerEpoch: number }): ProducerResult {
    return now(this.state.transactions.initProducerId(transactionalId, TIMEOUT_MS, named));
  }

  producer(transactionalId = "x"): TransactionalProducer {
    return { transactionalId, ...this.init(transactionalId) };
  }

  end(producer: TransactionalProducer, isCommit: boolean, isEpochPerTransaction = true): ProducerResult {
    return now(this.state.transactions.end(producer, isCommit, isEpochPerTransaction));
  }

  /** One record in the producer's transaction. */
  send({ transactionalId, producerId, producerEpoch }: TransactionalProducer, baseSequence = 0): void {
    const producer = { transactionalId, producerId, producerEpoch };
    assert.equal(this.state.transactions.addPartitions(producer, [PLACE], true), ErrorCode.NONE);
    const config = this.state.topics.get("t")?.config ?? assert.fail("there is no topic");
    const batch = batchOf(["a"], { producerId, producerEpoch, baseSequence, isTransactional: true });
    const guard = { isEpochPerTransaction: true, admit: () => ErrorCode.NONE };
    assert.equal(this.partition.append(batch, config, this.clock.epochMs(), guard).errorCode, ErrorCode.NONE);
  }

  stateOf(transactionalId = "x"): string | undefined {
    return this.state.transactions.get(transactionalId)?.state;
  }

  /** What the next process finds after a kill. */
  next(): Bench {
    return new Bench(this.storage, this.clock.epochMs());
  }
}

function now<T>(value: T | Later<T>): T {
  if (value instanceof Later) assert.fail("it is not done at once");
  return value;
}

Deno.test("Transactions.initProducerId() gives the next epoch, and fences who had the one before", () => {
  const bench = new Bench();
  const first = bench.producer();
  const second = bench.producer();
  assert.deepEqual([second.producerId, second.producerEpoch], [first.producerId, first.producerEpoch + 1]);
  const { transactions } = bench.state;
  assert.equal(transactions.addPartitions(first, [PLACE], true), ErrorCode.PRODUCER_FENCED);
  assert.equal(bench.end(first, true).errorCode, ErrorCode.PRODUCER_FENCED);
  assert.equal(transactions.addPartitions(second, [PLACE], true), ErrorCode.NONE);
});

Deno.test("Transactions.initProducerId() lets a producer go on that names its epoch, and once more (KIP-360)", () => {
  const bench = new Bench();
  const first = bench.producer();
  const second = bench.init("x", first);
  assert.equal(second.producerEpoch, first.producerEpoch + 1);
  // The answer was lost.
  assert.deepEqual(bench.next().init("x", first), second);
  const other = bench.init();
  assert.equal(other.producerEpoch, second.producerEpoch + 1);
  for (const late of [first, second, { producerId: 999n, producerEpoch: 0 }]) {
    assert.equal(bench.init("x", late).errorCode, ErrorCode.PRODUCER_FENCED);
  }
});

Deno.test("Transactions.initProducerId() refuses a name, a timeout and one id too many", () => {
  const bench = new Bench(new RefusingStorage(), 0, 1);
  const { transactions } = bench.state;
  const refusal = (id: string, timeoutMs: number) =>
    now(transactions.initProducerId(id, timeoutMs, undefined)).errorCode;
  assert.equal(refusal("", 1), ErrorCode.INVALID_REQUEST);
  assert.equal(refusal("x", 0), ErrorCode.INVALID_TRANSACTION_TIMEOUT);
  assert.equal(refusal("x", 900_001), ErrorCode.INVALID_TRANSACTION_TIMEOUT);
  assert.equal(refusal("x", 900_000), ErrorCode.NONE);
  assert.equal(refusal("y", 1), ErrorCode.POLICY_VIOLATION);
  assert.equal(new Bench().init("x".repeat(1_025)).errorCode, ErrorCode.POLICY_VIOLATION);
});

Deno.test("Transactions.addOffsets() takes so many groups into a transaction, and not one more", () => {
  const bench = new Bench();
  const producer = bench.producer();
  const add = (group: number) => bench.state.transactions.addOffsets(producer, `g-${group}`, true);
  for (let group = 0; group < 100; group++) assert.equal(add(group), ErrorCode.NONE);
  assert.equal(add(100), ErrorCode.POLICY_VIOLATION);
  assert.equal(add(7), ErrorCode.NONE);
  assert.equal(bench.end(producer, true).errorCode, ErrorCode.NONE);
});

Deno.test("Transactions.end() gives another producer id when the epochs are used up, also to who asks again", () => {
  const bench = new Bench();
  let producer = bench.producer();
  for (let epoch = 0; epoch < 2 ** 15 - 2; epoch++) {
    assert.equal(producer.producerEpoch, epoch);
    producer = { ...producer, ...bench.end(producer, false) };
  }
  bench.send(producer);
  const next = bench.end(producer, true);
  assert.equal(next.errorCode, ErrorCode.NONE);
  assert.equal(next.producerEpoch, 0);
  assert.notEqual(next.producerId, producer.producerId);
  assert.deepEqual(bench.end(producer, true), next);
  bench.send({ transactionalId: "x", ...next });
});

Deno.test("Transactions.end() carries a transaction through while its journal cannot be written anew", () => {
  const bench = new Bench();
  bench.storage.refuse("journals/transactions", Infinity);
  let producer = bench.producer();
  for (let i = 0; i < 5_000; i++) {
    bench.send(producer);
    producer = { ...producer, ...bench.end(producer, true) };
    assert.deepEqual([bench.stateOf(), bench.partition.openProducerIds()], ["CompleteCommit", []]);
  }
  const next = bench.next();
  assert.deepEqual(next.notes, []);
  assert.equal(next.partition.lastStableOffset, 10_000n);
});

Deno.test("Transactions.initProducerId() gives another producer id when the epochs are used up", () => {
  const bench = new Bench();
  const first = bench.init();
  let last = first;
  while (last.producerId === first.producerId) last = bench.init();
  assert.deepEqual([last.producerEpoch, bench.init().producerEpoch], [0, 1]);
});

Deno.test("Transactions aborts one whose time is over, and fences its producer, also across a restart", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.send(producer);
  bench.clock.advance(TIMEOUT_MS - 1);
  const next = bench.next();
  assert.equal(next.stateOf(), "Ongoing");
  assert.equal(next.partition.lastStableOffset, 0n);
  next.clock.advance(1);
  assert.equal(next.stateOf(), "CompleteAbort");
  assert.equal(next.partition.lastStableOffset, 2n);
  assert.equal(next.partition.producerEpochOf(producer.producerId), producer.producerEpoch + 1);
  const { transactions } = next.state;
  assert.equal(transactions.addPartitions(producer, [PLACE], true), ErrorCode.PRODUCER_FENCED);
  assert.equal(next.end(producer, true, false).errorCode, ErrorCode.PRODUCER_FENCED);
  assert.equal(next.end(producer, true).errorCode, ErrorCode.INVALID_TXN_STATE);
  // It was aborted: who wanted that, or asks for its epoch, goes on with the next one.
  const after = {
    errorCode: ErrorCode.NONE,
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch + 1,
  };
  assert.deepEqual(next.end(producer, false), after);
  assert.deepEqual(next.init("x", producer), after);
});

Deno.test("Transactions aborts one in its time also when the machine's clock was set back before a restart", () => {
  const bench = new Bench();
  bench.send(bench.producer());
  const next = new Bench(bench.storage, bench.clock.epochMs() - 365 * DAY_MS);
  assert.equal(next.stateOf(), "Ongoing");
  next.clock.advance(TIMEOUT_MS);
  assert.equal(next.stateOf(), "CompleteAbort");
});

Deno.test("Transactions carries through what had begun to end when the process was killed, each marker once", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.send(producer);
  bench.storage.refuse("topics/");
  assert.equal(bench.end(producer, true).errorCode, ErrorCode.NONE);
  assert.equal(bench.stateOf(), "PrepareCommit");
  assert.equal(bench.partition.lastStableOffset, 0n);
  assert.equal(bench.init().errorCode, ErrorCode.CONCURRENT_TRANSACTIONS);
  bench.storage.recover();
  const next = bench.next();
  for (const one of [next, next.next()]) {
    assert.equal(one.stateOf(), "CompleteCommit");
    assert.deepEqual([one.partition.log.endOffset, one.partition.lastStableOffset], [2n, 2n]);
    assert.equal(one.partition.abortedBetween(0n, 2n).length, 0);
  }
});

Deno.test("Transactions writes no marker again whose end was not written down when the process was killed", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.send(producer);
  // The journal takes the outcome, but not the end.
  bench.storage.refuse("transactions.log", 1);
  bench.end(producer, true);
  assert.equal(bench.stateOf(), "PrepareCommit");
  assert.equal(bench.partition.log.endOffset, 2n);
  bench.storage.recover();
  const next = bench.next();
  assert.equal(next.stateOf(), "CompleteCommit");
  assert.equal(next.partition.log.endOffset, 2n);
});

Deno.test("Transactions tries markers again until the disk takes them", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.send(producer);
  bench.storage.refuse("topics/");
  bench.end(producer, false);
  bench.clock.advance(5_000);
  assert.equal(bench.stateOf(), "PrepareAbort");
  bench.storage.recover();
  bench.clock.advance(RETRY_MS);
  assert.equal(bench.stateOf(), "CompleteAbort");
  assert.equal(bench.partition.abortedBetween(0n, 2n).length, 1);
});

Deno.test("Transactions carries an end through that a fault of ours has cut short", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.send(producer);
  const { partition } = bench;
  const endTransaction = partition.endTransaction.bind(partition);
  partition.endTransaction = () => {
    throw new TypeError("a fault of ours");
  };
  assert.equal(bench.end(producer, true).errorCode, ErrorCode.NONE);
  assert.equal(bench.stateOf(), "PrepareCommit");
  bench.clock.advance(RETRY_MS);
  assert.equal(bench.stateOf(), "PrepareCommit");
  partition.endTransaction = endTransaction;
  bench.clock.advance(RETRY_MS);
  assert.equal(bench.stateOf(), "CompleteCommit");
  assert.equal(partition.lastStableOffset, partition.highWatermark);
});

Deno.test("Transactions changes nothing when the journal cannot be written", () => {
  const bench = new Bench();
  const producer = bench.producer();
  bench.storage.refuse("transactions.log");
  assert.throws(() => bench.state.transactions.addPartitions(producer, [PLACE], true), StorageError);
  assert.throws(() => bench.end(producer, false), StorageError);
  assert.equal(bench.stateOf(), "Empty");
  bench.storage.recover();
  assert.equal(bench.next().stateOf(), "Empty");
});

Deno.test("Transactions aborts at the start what lies in a partition and nobody knows", () => {
  const bench = new Bench();
  bench.send(bench.producer());
  bench.storage.remove("journals/transactions.log");
  const next = bench.next();
  assert.equal(next.notes.length, 1);
  assert.match(next.notes[0] ?? "", /^t-0: aborted a transaction of producer \d+ that nobody knows$/);
  assert.equal(next.partition.lastStableOffset, 2n);
  assert.deepEqual(next.next().notes, []);
});

Deno.test("Transactions forgets a transactional id that was not used for long, but none under way", () => {
  const bench = new Bench();
  bench.producer("idle");
  bench.clock.advance(6 * DAY_MS);
  bench.producer("used");
  bench.clock.advance(DAY_MS + 3_600_000);
  assert.equal(bench.stateOf("idle"), undefined);
  assert.equal(bench.stateOf("used"), "Empty");
  const next = bench.next();
  assert.deepEqual([next.stateOf("idle"), next.stateOf("used")], [undefined, "Empty"]);
});

Deno.test("Transactions.end() knows a retry from a mistake, with and without an epoch for each", () => {
  const bench = new Bench();
  const old = bench.producer("old");
  assert.equal(bench.end(old, true, false).errorCode, ErrorCode.INVALID_TXN_STATE);
  bench.send(old);
  const committed = bench.end(old, true, false);
  assert.deepEqual(bench.end(old, true, false), committed);
  assert.equal(bench.end(old, false, false).errorCode, ErrorCode.INVALID_TXN_STATE);
  const young = bench.producer("young");
  assert.equal(bench.end(young, true).errorCode, ErrorCode.INVALID_TXN_STATE);
  bench.send(young);
  const next = bench.end(young, true);
  assert.equal(next.producerEpoch, young.producerEpoch + 1);
  assert.deepEqual(bench.end(young, true), next);
  assert.equal(bench.end(young, false).errorCode, ErrorCode.INVALID_TXN_STATE);
  assert.equal(
    bench.end({ ...young, producerId: 77n }, true).errorCode,
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  );
  // Nothing was begun with the next epoch: it may be aborted all the same.
  assert.equal(bench.end({ ...young, ...next }, false).producerEpoch, next.producerEpoch + 1);
});

Deno.test("Transactions.addPartitions() writes down what is added, however much there is before, and has all after a restart", () => {
  const bench = new Bench();
  const producer = bench.producer();
  const count = 300;
  const sizeOf = () => bench.storage.readAll("journals/transactions.log")?.length ?? 0;
  const add = (partition: number) =>
    bench.state.transactions.addPartitions(producer, [{ topic: "long", partition }], true);
  const sizes: number[] = [];
  for (let partition = 0; partition < count; partition++) {
    assert.equal(add(partition), ErrorCode.NONE);
    assert.equal(add(partition), ErrorCode.NONE, "it is there already");
    sizes.push(sizeOf());
  }
  assert.equal(bench.state.transactions.addOffsets(producer, "g", true), ErrorCode.NONE);
  const step = (i: number) => (sizes[i] ?? 0) - (sizes[i - 1] ?? 0);
  assert.ok(step(count - 1) <= step(2) + 10, `${step(2)} bytes, then ${step(count - 1)}`);
  const found = (state: BrokerState) => {
    const { partitions, groupIds } = state.transactions.get("x") ?? assert.fail("it is gone");
    return { partitions: [...partitions.keys()], groupIds: [...groupIds] };
  };
  const all = {
    partitions: Array.from({ length: count }, (_, partition) => `long-${partition}`),
    groupIds: ["g"],
  };
  assert.deepEqual(found(bench.state), all);
  assert.deepEqual(found(new Bench(bench.storage).state), all);
});
