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
/** So often in a row the port or the data may be another's before that is told: about ten seconds. */
const MAX_COLLISIONS = 25;

/** Which Kafka it is, as a person would say it. */
export interface Served {
  readonly address: string;
  /** Such as `served from here, data in …`. */
  readonly how: string;
  /** Whether this process serves it. */
  readonly isHere: boolean;
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
      served: {
        address: config.kafka.bootstrapServers.join(","),
        how: "as configured",
        isHere: false,
        sinceMs: Date.now(),
      },
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
    const { listen } = this.#config;
    let failures = 0;
    let mayServe = true;
    for (;;) {
      signal.throwIfAborted();
      using presence = listen.port === 0 ? undefined : await probe(listen);
      if (presence !== undefined) {
        mayServe = await this.#follow(presence);
        failures = 0;
        continue;
      }
      const failed = mayServe ? await this.#serve() : undefined;
      failures = failed === undefined && mayServe ? 0 : failures + 1;
      if (failed !== undefined) this.#judge(failed, failures);
      if (failures > 0) await sleep(backoffMs(failures, RETRY), signal);
    }
  }

  /**
   * Another process serves. Returns when it no longer does.
   *
   * @returns whether its data are those that would be served from here; if not, it is not ours to replace
   */
  async #follow(presence: Presence): Promise<boolean> {
    const address = addressText(this.#config.listen);
    this.#change({ address, how: "found there", isHere: false, sinceMs: Date.now() });
    const clusterId = await presence.clusterId().catch(() => undefined);
    await untilAborted(presence.gone, this.#stop.signal);
    const { clusterIdOf } = await import("../broker/state/data_folder.ts");
    const isOurs = clusterId !== undefined && clusterId === clusterIdOf(this.#config.dataFolder);
    if (!isOurs) this.#options.onTrouble?.(`The Kafka at ${address} is gone; waiting for it to come back`);
    return isOurs;
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
        isHere: true,
        sinceMs: attempt.startedAt,
      });
    }
  }

  /**
   * Whether to try again after a failure. Who holds the port or the data may be on the way in or out; or somebody else
   * was first, and is found the next time.
   *
   * @throws {Error} if that would not help somebody who waits for a first broker
   */
  #judge({ reason, message: said }: BrokerFailed, failures: number): void {
    const hint = ": name the address where it serves them with --listen, or another folder with --data";
    const message = reason === "data-locked" ? said + hint : said;
    const isAnothers = reason === "port-in-use" || reason === "data-locked";
    if (isAnothers && failures < MAX_COLLISIONS) return;
    if (this.#served === undefined) throw new Error(message);
    if (failures % MAX_COLLISIONS === 0 || !isAnothers && failures === 1) {
      this.#options.onTrouble?.(message);
    }
  }

  #change(served: Served): void {
    const isFirst = this.#served === undefined;
    this.#served = served;
    if (isFirst) this.#opened.resolve();
    else this.#options.onChange?.(served);
  }
}
