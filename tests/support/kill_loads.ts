/**
 * Producers that go on where they were, across the deaths of their broker, and know what must be there in the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../src/wire/messages/22_init_producer_id.ts";
import { EndTxnRequest, EndTxnResponse } from "../../src/wire/messages/26_end_txn.ts";
import { batchOf } from "./batches.ts";
import { WireClient } from "./wire_client.ts";

/** Batches of the idempotent producer that are under way at one time: as many as it may have. */
export const IN_FLIGHT = 5;
const PRODUCE_VERSION = 12;

/** A produce request of one batch. */
function request(topic: string, index: number, records: Uint8Array, transactionalId: string | null = null) {
  return {
    transactionalId,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: topic, partitionData: [{ index, records }] }],
  };
}

/** An idempotent producer with several batches under way, each of which holds its own number. */
export class IdempotentLoad {
  /** Batches that were acknowledged: all up to this one. */
  acknowledged = 0;
  readonly #topic: string;
  #producerId = -1n;

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Sends until the broker dies. */
  async run(address: string): Promise<void> {
    using client = await WireClient.connect(address);
    const sent: number[] = [];
    let next = this.acknowledged;
    try {
      await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name: this.#topic }] });
      if (this.#producerId < 0n) {
        const init = { transactionalId: null, transactionTimeoutMs: 1 };
        const answer = await client.call(InitProducerIdRequest, InitProducerIdResponse, 4, init);
        this.#producerId = answer.producerId;
      }
      for (;;) {
        while (sent.length < IN_FLIGHT) {
          const producer = { producerId: this.#producerId, producerEpoch: 0, baseSequence: next };
          const records = batchOf([`${next++}`], producer);
          sent.push(await client.send(ProduceRequest, PRODUCE_VERSION, request(this.#topic, 0, records)));
        }
        const { responses } = await client.receive(ProduceResponse, PRODUCE_VERSION, sent.shift() ?? 0);
        const answer = responses[0]?.partitionResponses[0];
        assert.equal(answer?.errorCode, ErrorCode.NONE);
        assert.equal(answer?.baseOffset, BigInt(this.acknowledged));
        this.acknowledged++;
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
  }
}

/** A transaction of a {@linkcode TransactionalLoad}. */
export interface LoadTransaction {
  /** What was acknowledged, or is under way. */
  readonly records: { readonly partition: number; readonly value: string }[];
  /** Undecided: the broker died while it was to be committed, and another producer came then. */
  outcome: "open" | "committed" | "aborted" | "undecided";
}

/** Records of a transaction. */
const RECORDS = 3;

/**
 * A transactional producer whose broker is killed with a request under way. The next time it either goes on where it was, with
 * the same request, or begins anew as another instance.
 */
export class TransactionalLoad {
  readonly transactions: LoadTransaction[] = [];
  readonly #topic: string;
  readonly #partitions: number;
  readonly #sequences = new Map<number, number>();
  #producerId = -1n;
  #producerEpoch = -1;
  #current: LoadTransaction | undefined;
  /** Of the current transaction: how many requests were acknowledged. */
  #done = 0;

  constructor(topic: string, partitions: number) {
    this.#topic = topic;
    this.#partitions = partitions;
  }

  /**
   * Sends, and calls `kill` with a request under way after so many that were acknowledged.
   *
   * @param isAnew another instance: what was open is given up
   */
  async run(address: string, requests: number, isAnew: boolean, kill: () => void): Promise<void> {
    using client = await WireClient.connect(address);
    if (isAnew || this.#producerId < 0n) await this.#init(client);
    for (let left = requests; left > 0; left--) await this.#step(client);
    await this.#step(client, kill).catch((error) => {
      if (error instanceof assert.AssertionError) throw error;
    });
  }

  /** Ends what is open, so that all is decided. */
  async settle(address: string): Promise<void> {
    using client = await WireClient.connect(address);
    await this.#init(client);
  }

  async #init(client: WireClient): Promise<void> {
    const init = { transactionalId: "tx", transactionTimeoutMs: 60_000 };
    const call = () => client.call(InitProducerIdRequest, InitProducerIdResponse, 4, init);
    let answer = await call();
    if (answer.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) answer = await call();
    assert.equal(answer.errorCode, ErrorCode.NONE);
    this.#become(answer);
    if (this.#current === undefined) return;
    const wasCommitting = this.#done === RECORDS && isCommitted(this.transactions.length);
    this.#current.outcome = wasCommitting ? "undecided" : "aborted";
    this.#current = undefined;
  }

  #become({ producerId, producerEpoch }: { producerId: bigint; producerEpoch: number }): void {
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
    this.#sequences.clear();
  }

  /** The next request, or the one once more that was not acknowledged. */
  async #step(client: WireClient, kill = () => {}): Promise<void> {
    if (this.#current === undefined) {
      this.#done = 0;
      this.transactions.push(this.#current = { records: [], outcome: "open" });
    }
    if (this.#done === RECORDS) return await this.#end(client, this.#current, kill);
    const { records } = this.#current;
    const number = this.transactions.length;
    const partition = (number + this.#done) % this.#partitions;
    const value = `${number}.${this.#done}`;
    if (records.length === this.#done) records.push({ partition, value });
    const baseSequence = this.#sequences.get(partition) ?? 0;
    const batch = batchOf([value], {
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      baseSequence,
      isTransactional: true,
    });
    const sent = await client.send(
      ProduceRequest,
      PRODUCE_VERSION,
      request(this.#topic, partition, batch, "tx"),
    );
    kill();
    const { responses } = await client.receive(ProduceResponse, PRODUCE_VERSION, sent);
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
    this.#sequences.set(partition, baseSequence + 1);
    this.#done++;
  }

  async #end(client: WireClient, current: LoadTransaction, kill: () => void): Promise<void> {
    const committed = isCommitted(this.transactions.length);
    const { producerId, producerEpoch } = {
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
    };
    const sent = await client.send(EndTxnRequest, 5, {
      transactionalId: "tx",
      producerId,
      producerEpoch,
      committed,
    });
    kill();
    const answer = await client.receive(EndTxnResponse, 5, sent);
    assert.equal(answer.errorCode, ErrorCode.NONE);
    current.outcome = committed ? "committed" : "aborted";
    this.#current = undefined;
    this.#become(answer);
  }
}

/** Of three transactions one is aborted. */
function isCommitted(number: number): boolean {
  return number % 3 !== 0;
}
