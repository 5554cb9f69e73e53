/**
 * The ids under which a producer writes (KIP-98).
 *
 * @module
 */
import type { Client } from "./client.ts";
import { retrying } from "./retry.ts";

/** As the Java client's `max.block.ms` for a cluster that cannot be reached. */
const TIMEOUT_MS = 30_000;

/** A producer's id and epoch; -1 of a producer that is not idempotent. */
export interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

const NONE = Promise.resolve<ProducerId>({ producerId: -1n, producerEpoch: -1 });

/** See the module. */
export class ProducerIds {
  readonly #client: Client;
  readonly #isIdempotent: boolean;
  readonly #signal: AbortSignal;
  #shared: Promise<ProducerId> | undefined;

  /** @param signal ends what waits for an id */
  constructor(client: Client, isIdempotent: boolean, signal: AbortSignal) {
    this.#client = client;
    this.#isIdempotent = isIdempotent;
    this.#signal = signal;
  }

  /** The one that all lanes share; or, with `renew`, another, for a lane that lost its sequence. */
  get(renew: boolean): Promise<ProducerId> {
    if (!this.#isIdempotent) return NONE;
    return renew ? this.#obtain() : this.#shared ??= this.#obtain();
  }

  #obtain(): Promise<ProducerId> {
    return retrying(async () => {
      const link = await this.#client.any();
      const { producerId, producerEpoch } = await link.call(
        "Cannot obtain a producer id",
        (broker) => broker.initProducerId({ transactionalId: null, transactionTimeout: 60_000 }),
      );
      return { producerId: BigInt(producerId), producerEpoch };
    }, { withinMs: TIMEOUT_MS, signal: this.#signal });
  }
}
