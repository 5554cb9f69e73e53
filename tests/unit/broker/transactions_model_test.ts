import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_CONFIG } from "../../../src/broker/config.ts";
import { produce } from "../../../src/broker/handlers/00_produce.ts";
import { fetch } from "../../../src/broker/handlers/01_fetch.ts";
import { listOffsets } from "../../../src/broker/handlers/02_list_offsets.ts";
import { initProducerId } from "../../../src/broker/handlers/22_init_producer_id.ts";
import { addPartitionsToTxn } from "../../../src/broker/handlers/24_add_partitions_to_txn.ts";
import { endTxn } from "../../../src/broker/handlers/26_end_txn.ts";
import { DEFAULT_LIMITS } from "../../../src/broker/limits.ts";
import { BrokerState } from "../../../src/broker/state/broker_state.ts";
import { MemoryStorage } from "../../../src/broker/state/memory_storage.ts";
import { ErrorCode } from "../../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { ListOffsetsRequest, ListOffsetsResponse } from "../../../src/wire/messages/02_list_offsets.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../../src/wire/messages/22_init_producer_id.ts";
import {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from "../../../src/wire/messages/24_add_partitions_to_txn.ts";
import { EndTxnRequest, EndTxnResponse } from "../../../src/wire/messages/26_end_txn.ts";
import { ask } from "../../support/ask_handler.ts";
import { batchOf } from "../../support/batches.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { PowerLossStorage } from "../../support/power_loss_storage.ts";
import { visibleRecords } from "../../support/visible_records.ts";

const TOPIC = "t";
const PARTITIONS = 2;
const PRODUCERS = 3;
const TIMEOUT_MS = 10_000;
const READ_COMMITTED = 1;
/** Turns of the event loop within which an end is done, in fsync mode. */
const MAX_TICKS = 40;

type Outcome = "open" | "committed" | "aborted";

/** A transaction, as the model has it. */
interface ModelTransaction {
  outcome: Outcome;
  readonly startedAtMs: number;
}

/** A record that was acknowledged, of a transaction or of none. */
interface ModelRecord {
  readonly offset: bigint;
  readonly value: string;
  readonly transaction: ModelTransaction | undefined;
}

/** A producer, as its client and the model see it. */
class ModelProducer {
  producerId = -1n;
  producerEpoch = -1;
  isFenced = true;
  transaction: ModelTransaction | undefined;
  readonly sequences = new Map<number, number>();
  readonly transactionalId: string;
  /** Whether its epoch rises with each transaction. */
  readonly isNew: boolean;

  constructor(index: number) {
    this.transactionalId = `tx-${index}`;
    this.isNew = index % 2 === 0;
  }

  become({ producerId, producerEpoch }: { producerId: bigint; producerEpoch: number }): void {
    if (producerId !== this.producerId || producerEpoch !== this.producerEpoch) this.sequences.clear();
    Object.assign(this, { producerId, producerEpoch });
  }
}

/** A broker without a socket beside a model of it. */
class World {
  #storage: MemoryStorage | PowerLossStorage;
  readonly #producers = Array.from({ length: PRODUCERS }, (_, i) => new ModelProducer(i));
  readonly #logs: ModelRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  #clock = new FakeClock();
  #state: BrokerState;
  #values = 0;

  /** @param storage with one that is lost with the power, what is acknowledged is synced before */
  constructor(storage: MemoryStorage | PowerLossStorage) {
    this.#storage = storage;
    this.#state = this.#open();
    this.#state.topics.create(TOPIC, PARTITIONS, new Map());
  }

  /** Makes the topic safe. */
  async settle(): Promise<void> {
    await this.#state.topics.sync();
  }

  #open(): BrokerState {
    const state = new BrokerState({
      storage: this.#storage,
      clusterId: "c",
      config: { ...DEFAULT_CONFIG, fsync: this.#storage instanceof PowerLossStorage },
      limits: DEFAULT_LIMITS,
      clock: this.#clock,
    });
    assert.deepEqual(state.open().notes, []);
    return state;
  }

  /** What a kill -9 or a power loss leaves: all that was written or synced, and nobody who goes on with it. */
  restart(): void {
    if (this.#storage instanceof PowerLossStorage) this.#storage = this.#storage.afterPowerLoss();
    this.#clock = new FakeClock(this.#clock.epochMs());
    this.#state = this.#open();
  }

  /** Lets time pass: transactions whose time is over are aborted, and their producers fenced. */
  async wait(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await untilIdle();
    for (const producer of this.#producers) {
      const { transaction } = producer;
      if (transaction === undefined || transaction.startedAtMs + TIMEOUT_MS > this.#clock.epochMs()) continue;
      this.#end(producer, "aborted");
      producer.isFenced = true;
    }
  }

  /** A new instance of a producer: what the one before has left open is aborted. */
  async init(index: number): Promise<void> {
    const producer = this.#producer(index);
    const request = { transactionalId: producer.transactionalId, transactionTimeoutMs: TIMEOUT_MS };
    const call = () =>
      ask(this.#state, initProducerId, [InitProducerIdRequest, InitProducerIdResponse], 4, request);
    let answer = await call();
    if (producer.transaction !== undefined) {
      assert.equal(answer.errorCode, ErrorCode.CONCURRENT_TRANSACTIONS);
      this.#end(producer, "aborted");
      answer = await call();
    }
    assert.equal(answer.errorCode, ErrorCode.NONE);
    producer.become(answer);
    producer.isFenced = false;
  }

  async send(index: number, partition: number, isRepeated: boolean): Promise<void> {
    const producer = this.#producer(index);
    if (producer.producerId < 0n) return;
    const isRefused = !await this.#begin(producer, partition);
    const value = `${this.#values++}`;
    const baseSequence = producer.sequences.get(partition) ?? 0;
    const batch = () =>
      batchOf([value], {
        producerId: producer.producerId,
        producerEpoch: producer.producerEpoch,
        baseSequence,
        isTransactional: true,
      });
    const answer = await this.#produce(partition, batch(), producer);
    if (isRefused) return assert.equal(answer.errorCode, ErrorCode.INVALID_PRODUCER_EPOCH);
    assert.equal(answer.errorCode, ErrorCode.NONE);
    producer.transaction ??= { outcome: "open", startedAtMs: this.#clock.epochMs() };
    producer.sequences.set(partition, baseSequence + 1);
    this.#logs[partition]?.push({ offset: answer.baseOffset, value, transaction: producer.transaction });
    if (!isRepeated) return;
    const again = await this.#produce(partition, batch(), producer);
    assert.deepEqual([again.errorCode, again.baseOffset], [ErrorCode.NONE, answer.baseOffset]);
  }

  async sendPlain(partition: number): Promise<void> {
    const value = `${this.#values++}`;
    const answer = await this.#produce(partition, batchOf([value]));
    assert.equal(answer.errorCode, ErrorCode.NONE);
    this.#logs[partition]?.push({ offset: answer.baseOffset, value, transaction: undefined });
  }

  async end(index: number, isCommit: boolean): Promise<void> {
    const producer = this.#producer(index);
    if (producer.producerId < 0n) return;
    const { transactionalId, producerId, producerEpoch, isNew } = producer;
    const request = { transactionalId, producerId, producerEpoch, committed: isCommit };
    const call = () => ask(this.#state, endTxn, [EndTxnRequest, EndTxnResponse], isNew ? 5 : 4, request);
    const answer = await call();
    if (producer.isFenced) {
      // One whose time was over has been aborted: a newer client that wants just this goes on with the next epoch.
      if (!isNew || isCommit) return assert.notEqual(answer.errorCode, ErrorCode.NONE);
      producer.isFenced = answer.errorCode !== ErrorCode.NONE;
      if (!producer.isFenced) producer.become(answer);
      return;
    }
    if (producer.transaction === undefined) {
      // Only an empty abort of a new client is more than a retry, or a mistake.
      if (isNew && answer.errorCode === ErrorCode.NONE) producer.become(answer);
      return;
    }
    assert.equal(answer.errorCode, ErrorCode.NONE);
    this.#end(producer, isCommit ? "committed" : "aborted");
    // The answer was lost: the same again is no other end.
    assert.deepEqual(await call(), answer);
    if (isNew) producer.become(answer);
  }

  /** The broker goes in the middle of an end, which the producer asks for once more. */
  async endInCrash(index: number, isCommit: boolean, ticks: number): Promise<void> {
    const producer = this.#producer(index);
    if (producer.transaction === undefined || producer.isFenced) return this.restart();
    const { transactionalId, producerId, producerEpoch, isNew } = producer;
    const request = { transactionalId, producerId, producerEpoch, committed: isCommit };
    const call = () => ask(this.#state, endTxn, [EndTxnRequest, EndTxnResponse], isNew ? 5 : 4, request);
    const unheard = call();
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    this.restart();
    await unheard;
    await untilIdle();
    const answer = await call();
    assert.equal(answer.errorCode, ErrorCode.NONE);
    this.#end(producer, isCommit ? "committed" : "aborted");
    if (isNew) producer.become(answer);
  }

  /** Holds what readers see against the model. */
  async check(): Promise<void> {
    for (const [partition, records] of this.#logs.entries()) {
      const highWatermark = this.#state.topics.partition(TOPIC, partition)?.highWatermark ?? -1n;
      const unstable = records.find(({ transaction }) => transaction?.outcome === "open");
      const lastStableOffset = unstable?.offset ?? highWatermark;
      const isVisible = ({ offset, transaction }: ModelRecord) =>
        offset < lastStableOffset && transaction?.outcome !== "aborted";
      const all = await this.#fetch(partition, 0);
      const committed = await this.#fetch(partition, READ_COMMITTED);
      assert.deepEqual(all.records, records.map(({ offset, value }) => ({ offset, value })));
      assert.deepEqual(
        committed.records,
        records.filter(isVisible).map(({ offset, value }) => ({ offset, value })),
      );
      assert.equal(committed.lastStableOffset, lastStableOffset);
      assert.equal(await this.#latest(partition, READ_COMMITTED), lastStableOffset);
      assert.equal(await this.#latest(partition, 0), highWatermark);
    }
  }

  #producer(index: number): ModelProducer {
    return this.#producers[index] ?? assert.fail(`there is no producer ${index}`);
  }

  #end(producer: ModelProducer, outcome: Outcome): void {
    if (producer.transaction !== undefined) producer.transaction.outcome = outcome;
    producer.transaction = undefined;
  }

  /** Takes a partition into the transaction as an older client does. @returns whether the producer may go on */
  async #begin(producer: ModelProducer, partition: number): Promise<boolean> {
    if (producer.isNew) return !producer.isFenced;
    const answer = await ask(
      this.#state,
      addPartitionsToTxn,
      [AddPartitionsToTxnRequest, AddPartitionsToTxnResponse],
      3,
      {
        v3AndBelowTransactionalId: producer.transactionalId,
        v3AndBelowProducerId: producer.producerId,
        v3AndBelowProducerEpoch: producer.producerEpoch,
        v3AndBelowTopics: [{ name: TOPIC, partitions: [partition] }],
      },
    );
    const errorCode = answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode;
    assert.equal(errorCode, producer.isFenced ? ErrorCode.PRODUCER_FENCED : ErrorCode.NONE);
    if (errorCode !== ErrorCode.NONE) return false;
    producer.transaction ??= { outcome: "open", startedAtMs: this.#clock.epochMs() };
    return true;
  }

  async #produce(partition: number, records: Uint8Array, producer?: ModelProducer) {
    const version = producer?.isNew === false ? 11 : 12;
    const { responses } = await ask(this.#state, produce, [ProduceRequest, ProduceResponse], version, {
      transactionalId: producer?.transactionalId ?? null,
      acks: -1,
      timeoutMs: 1,
      topicData: [{ name: TOPIC, partitionData: [{ index: partition, records }] }],
    });
    return responses[0]?.partitionResponses[0] ?? assert.fail("no answer for the partition");
  }

  async #fetch(partition: number, isolationLevel: number) {
    const { responses } = await ask(this.#state, fetch, [FetchRequest, FetchResponse], 12, {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      isolationLevel,
      topics: [{ topic: TOPIC, partitions: [{ partition, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }],
    });
    const answer = responses[0]?.partitions[0] ?? assert.fail("no answer for the partition");
    assert.equal(answer.errorCode, ErrorCode.NONE);
    const records = visibleRecords(answer.records ?? new Uint8Array(), answer.abortedTransactions ?? []);
    return { records, lastStableOffset: answer.lastStableOffset };
  }

  async #latest(partitionIndex: number, isolationLevel: number): Promise<bigint | undefined> {
    const { topics } = await ask(this.#state, listOffsets, [ListOffsetsRequest, ListOffsetsResponse], 7, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex, timestamp: -1n }] }],
    });
    return topics[0]?.partitions[0]?.offset;
  }
}

/** Resolves when all is done that waits for no timer. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

const producer = fc.nat(PRODUCERS - 1);
const partition = fc.nat(PARTITIONS - 1);
type Command = (world: World) => Promise<void> | void;
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(producer, partition, fc.boolean())
      .map(([index, to, isRepeated]): Command => (world) => world.send(index, to, isRepeated)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(producer, fc.boolean())
      .map(([index, isCommit]): Command => (world) => world.end(index, isCommit)),
  },
  { weight: 2, arbitrary: partition.map((to): Command => (world) => world.sendPlain(to)) },
  { weight: 2, arbitrary: producer.map((index): Command => (world) => world.init(index)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: TIMEOUT_MS }).map((ms): Command => (world) => world.wait(ms)),
  },
  { weight: 1, arbitrary: fc.constant<Command>((world) => world.restart()) },
  {
    weight: 2,
    arbitrary: fc.tuple(producer, fc.boolean(), fc.nat(MAX_TICKS))
      .map(([index, isCommit, ticks]): Command => (world) => world.endInCrash(index, isCommit, ticks)),
  },
);

const STORAGES = {
  "killed": () => new MemoryStorage(),
  "without power": () => new PowerLossStorage(),
};

for (const [name, newStorage] of Object.entries(STORAGES)) {
  Deno.test(`Broker's readers see what a simple model of transactions says, whatever producers do and whenever it is ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40, size: "max" }), async (commands) => {
        const world = new World(newStorage());
        await world.settle();
        for (let index = 0; index < PRODUCERS; index++) await world.init(index);
        for (const run of commands) {
          await run(world);
          await world.check();
        }
      }),
      { numRuns: 100 },
    );
  });
}
