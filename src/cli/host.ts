/**
 * The Kafka of a run. One that is named by the settings is used. Where none is, one that listens on the default address
 * is; and where none does, this process serves the embedded broker. Should the process that serves it go away, whoever
 * is first takes the port and the data over, and the others go on with that one.
 *
 * @module
 */
import { backoffMs } from "../base/backoff.ts";
import { describeError } from "../base/errors.ts";
import { sleep, untilAborted } from "../base/stop.ts";
import { addressText, type Config } from "../config.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { type BrokerFailed, EmbeddedBroker } from "./embedded.ts";
import { type Presence, probe } from "./probe.ts";

/** Between two attempts to find or to serve a broker: many may race for it. */
const RETRY = { baseMs: 10, capMs: 500 };
/** So often data is asked for that another process holds without serving it: about ten seconds. */
const LOCKED_ATTEMPTS = 25;

/** Which Kafka it is, as a person would say it. */
export interface Served {
  readonly address: string;
  /** Such as `served from here, data in …`. */
  readonly how: string;
  /** Since when it is served here, or in use, epoch ms. */
  readonly sinceMs: number;
}

/** What is told to whoever shows it. */
export interface HostOptions {
  /** Another process serves the broker now, or this one does. */
  readonly onChange?: (served: Served) => void;
  /** Something is not well. A line. */
  readonly onTrouble?: (message: string) => void;
}

/** A Kafka to talk to. What is served here ends when it is disposed of. */
export interface Host extends AsyncDisposable {
  readonly settings: KafkaSettings;
  readonly served: Served;
}

/**
 * Finds a Kafka, or serves one.
 *
 * @throws {Error} if there is none to be had
 */
export async function openHost(config: Config, clientId: string, options: HostOptions = {}): Promise<Host> {
  if (config.kafka !== undefined) {
    return {
      settings: { ...config.kafka, clientId },
      served: { address: config.kafka.bootstrapServers.join(","), how: "as configured", sinceMs: Date.now() },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const host = new EmbeddedHost(config, clientId, options);
  try {
    await host.opened;
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

class EmbeddedHost implements Host {
  readonly #config: Config;
  readonly #clientId: string;
  readonly #options: HostOptions;
  readonly #stop = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #served: Served | undefined;

  constructor(config: Config, clientId: string, options: HostOptions) {
    this.#config = config;
    this.#options = options;
    this.#clientId = clientId;
    this.#running = this.#run().catch((error) => {
      if (this.#stop.signal.aborted) return;
      if (this.#served !== undefined) options.onTrouble?.(describeError(error));
      this.#opened.reject(error);
    });
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get settings(): KafkaSettings {
    return {
      bootstrapServers: [this.served.address],
      clientId: this.#clientId,
      securityProtocol: "PLAINTEXT",
    };
  }

  get served(): Served {
    if (this.#served === undefined) throw new TypeError("Cannot name the broker as it has not been opened");
    return this.#served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("The run is over"));
    await this.#running;
  }

  /** Follows a broker as long as there is one, else serves one as long as it can; and so on until the end. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    for (;;) {
      signal.throwIfAborted();
      using presence = this.#config.listen.port === 0 ? undefined : await probe(this.#config.listen);
      if (presence !== undefined) {
        await this.#follow(presence);
        failures = 0;
        continue;
      }
      const failed = await this.#serve();
      if (failed === undefined) {
        failures = 0;
        continue;
      }
      failures++;
      this.#judge(failed, failures);
      await sleep(backoffMs(failures, RETRY), signal);
    }
  }

  /** Another process serves. Returns when it no longer does. */
  async #follow(presence: Presence): Promise<void> {
    this.#change({ address: addressText(this.#config.listen), how: "found there", sinceMs: Date.now() });
    await untilAborted(presence.gone, this.#stop.signal);
  }

  /**
   * Serves from here, and returns when that has come to an end.
   *
   * @returns why it could not; undefined if it has served
   */
  async #serve(): Promise<BrokerFailed | undefined> {
    const { listen, dataFolder } = this.#config;
    await using broker = new EmbeddedBroker(
      { listen, data: dataFolder },
      (message) => this.#options.onTrouble?.(message),
    );
    for (let hasServed = false;; hasServed = true) {
      const attempt = await untilAborted(broker.attempt, this.#stop.signal);
      if (attempt.type === "failed") return hasServed ? undefined : attempt;
      this.#change({
        address: attempt.address,
        how: `served from here, data in ${dataFolder}`,
        sinceMs: attempt.startedAt,
      });
    }
  }

  /**
   * Whether to try again after a failure.
   *
   * @throws {Error} if that would not help somebody who waits for a first broker
   */
  #judge({ reason, message }: BrokerFailed, failures: number): void {
    switch (reason) {
      case "port-in-use":
        // Somebody else was first: it is found next time.
        return;
      case "data-locked":
        // Its holder is on its way in, or out.
        if (failures < LOCKED_ATTEMPTS) return;
        break;
      case "other":
        break;
    }
    if (this.#served === undefined) throw new Error(message);
    if (failures % LOCKED_ATTEMPTS === 1) this.#options.onTrouble?.(message);
  }

  #change(served: Served): void {
    const isFirst = this.#served === undefined;
    this.#served = served;
    if (isFirst) this.#opened.resolve();
    else this.#options.onChange?.(served);
  }
}
