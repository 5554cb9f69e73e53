/**
 * What a butler keeps in mind: a compacted topic, read back into a map. Every instance of one name reads the same
 * topic, so what one is told all know, and a restart forgets nothing.
 *
 * @module
 */
import { KafkaError } from "../../../base/errors.ts";
import { within } from "../../../base/stop.ts";
import type { Admin } from "../../../kafka/admin.ts";
import type { Client } from "../../../kafka/client.ts";
import type { ConsumedRecord } from "../../../kafka/record.ts";
import { PartitionReader } from "../../../kafka/partition_reader.ts";
import type { Producer } from "../../../kafka/producer.ts";

/** How long a reading waits for what has been written before it. */
const CATCH_UP_MS = 5_000;

/** What {@linkcode Memory.open} needs. The clients stay the caller's. */
export interface MemoryOptions {
  readonly client: Client;
  readonly producer: Producer;
  readonly admin: Admin;
  readonly topic: string;
  /** Told of every change, the ones of other instances too; `value` is undefined when a key is forgotten. */
  readonly onChange?: (key: string, value: unknown) => void;
}

/** See the module. Values are JSON. */
export class Memory implements AsyncDisposable {
  readonly #options: MemoryOptions;
  readonly #values = new Map<string, unknown>();
  readonly #waiters = new Set<{ readonly offset: bigint; readonly resolve: () => void }>();
  #reader: PartitionReader | undefined;
  /** The next offset that is to be read. */
  #position = 0n;

  private constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Opens the topic, creating it if need be, and reads what it holds. */
  static async open(options: MemoryOptions): Promise<Memory> {
    const memory = new Memory(options);
    const { topic, client, admin } = options;
    await admin.createTopics([{ topic, numPartitions: 1, config: { "cleanup.policy": "compact" } }]);
    memory.#reader = await PartitionReader.on(client, {
      topic,
      from: "earliest",
      onRecords: (records) => memory.#read(records),
    });
    await memory.caughtUp();
    return memory;
  }

  /** Waits until all has been read that anybody had written when this was called. */
  async caughtUp(): Promise<void> {
    const [partition] = await this.#options.admin.topicOffsets(this.#options.topic);
    const end = partition?.latest ?? 0n;
    if (this.#position >= end) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { offset: end, resolve };
    this.#waiters.add(waiter);
    await within(promise, CATCH_UP_MS, () => {
      this.#waiters.delete(waiter);
      return new KafkaError("REQUEST_TIMED_OUT", `'${this.#options.topic}' could not be read in time`, {
        retriable: true,
      });
    });
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  /** Every key that begins so, with its value. */
  entries(prefix: string): [key: string, value: unknown][] {
    return [...this.#values].filter(([key]) => key.startsWith(prefix));
  }

  /** Keeps `value`; it is durable when this resolves. */
  async set(key: string, value: unknown): Promise<void> {
    await this.#options.producer.send({
      topic: this.#options.topic,
      partition: 0,
      key,
      value: JSON.stringify(value),
    });
  }

  async forget(key: string): Promise<void> {
    await this.#options.producer.send({ topic: this.#options.topic, partition: 0, key, value: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader?.close();
  }

  #read(records: readonly ConsumedRecord[]): void {
    for (const { key, value, offset } of records) {
      this.#position = offset + 1n;
      if (key === null) continue;
      const name = new TextDecoder().decode(key);
      const parsed = value === null ? undefined : parse(value);
      if (parsed === undefined) this.#values.delete(name);
      else this.#values.set(name, parsed);
      this.#options.onChange?.(name, parsed);
    }
    for (const waiter of this.#waiters) {
      if (this.#position < waiter.offset) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

/** Anybody may write to a topic: what is not JSON counts as forgotten. */
function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch {
    return undefined;
  }
}
