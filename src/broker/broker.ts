/**
 * The embedded broker: one node that speaks Kafka's protocol, its log in a folder or in memory.
 *
 * @module
 */
import { logger } from "../base/log.ts";
import { isLoopback } from "../base/loopback.ts";
import { type BrokerCounts, countsOf } from "./counts.ts";
import { type BrokerConfig, DEFAULT_CONFIG } from "./config.ts";
import type { Faults } from "./faults/faults.ts";
import { fillable } from "./faults/full_disk.ts";
import { refuseTopic } from "./handlers/topic_rules.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { Authentication } from "./security/authentication.ts";
import { readSecurity, type SecurityOptions } from "./security/options.ts";
import { Server } from "./server.ts";
import { BrokerState } from "./state/broker_state.ts";
import { type Clock, systemClock } from "./state/clock.ts";
import { DataFolder, newClusterId } from "./state/data_folder.ts";
import { MemoryStorage } from "./state/memory_storage.ts";

const log = logger("broker");

/** A topic that is there from the start. */
export interface InitialTopic {
  readonly name: string;
  /** @default the broker's `defaultPartitions` */
  readonly partitions?: number;
  /** Kafka's topic configs, such as `retention.ms`. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** Options of {@linkcode startBroker}. All of it is plain data, except `signal`, `clock` and `faults`. */
export interface BrokerOptions {
  /** Where to listen; port 0 takes a free one. @default {{ hostname: "127.0.0.1", port: 0 }} */
  readonly listen?: { readonly hostname: string; readonly port: number };
  /** The data folder, made when absent. Without one all is in memory. */
  readonly data?: string | undefined;
  /** Topics to be made when they are not there. */
  readonly topics?: readonly InitialTopic[];
  /** Whether an acknowledgement waits until it would survive a power loss. @default {false} */
  readonly fsync?: boolean;
  /** TLS and SASL. @default neither, which takes a loopback address */
  readonly security?: SecurityOptions;
  /** Where clients are told to come back to. @default where each has reached the broker */
  readonly advertised?: { readonly hostname: string; readonly port: number };
  readonly config?: Partial<BrokerConfig>;
  readonly limits?: Partial<Limits>;
  /** Closes the broker when it aborts. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** What goes wrong on purpose. Ends with the broker. */
  readonly faults?: Faults;
}

/** What lay in the data folder. */
export interface Recovered {
  readonly topicsCount: number;
  readonly partitionsCount: number;
  readonly recordsCount: number;
  /** Bytes of torn tails that were cut off. */
  readonly cutBytes: number;
}

/** A running broker. */
export interface Broker extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  readonly clusterId: string;
  readonly recovered: Recovered;
  /** What it has done so far, and what it holds. */
  counts(): BrokerCounts;
  /** Answers what was asked, closes all connections, then the log, then gives the folder back. */
  close(): Promise<void>;
}

/**
 * Starts a broker in this thread.
 *
 * @throws {PortInUseError} another process listens there
 * @throws {ConfigError} the security's files cannot be read, or it is too little for the address
 * @throws {DataLockedError} another process serves the folder
 * @throws {DataFormatError} the folder is of a newer format
 * @throws {StorageError} the folder cannot be read
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { listen = { hostname: "127.0.0.1", port: 0 }, data, topics = [], fsync = false, signal, faults } =
    options;
  signal?.throwIfAborted();
  const { secureContext, sasl } = readSecurity(listen.hostname, options.security ?? {});
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  await using resources = new AsyncDisposableStack();
  // The port first: of two that start at once one is told so before it touches the folder.
  const server = resources.use(await Server.listen(listen));
  const { storage, clusterId } = data === undefined
    ? { storage: new MemoryStorage(), clusterId: newClusterId() }
    : resources.use(DataFolder.open(data, limits.maxOpenFiles));
  const state = resources.use(
    new BrokerState({
      storage: faults === undefined ? storage : fillable(storage, (path) => faults.isFull(path)),
      clusterId,
      faults,
      config: { ...DEFAULT_CONFIG, ...options.config, fsync },
      limits,
      clock: options.clock ?? systemClock,
    }),
  );
  if (faults !== undefined) resources.use(faults);
  const { notes, ...recovered } = state.open();
  for (const note of notes) log.warn(`${note}`);
  createMissing(state, topics);
  resources.defer(() => state.settle());
  // Stops before the state does, whose last words (to those who wait) nobody would hear.
  resources.defer(() => server.stop());
  server.serve(state, {
    secureContext,
    authentication: sasl &&
      new Authentication(sasl, state.scramCredentials, state.config.connectionsMaxReauthMs),
    advertised: options.advertised,
  });
  if (secureContext === undefined && sasl?.mechanisms.includes("PLAIN") && !isLoopback(listen.hostname)) {
    log.warn("Passwords come to this listener in the clear: take TLS, or SCRAM alone");
  }
  const running = resources.move();
  let closed: Promise<void> | undefined;
  const close = () => closed ??= running.disposeAsync();
  signal?.addEventListener("abort", () => void close(), { once: true });
  const counts = () => countsOf(state);
  return { address: server.address, clusterId, recovered, counts, close, [Symbol.asyncDispose]: close };
}

function createMissing(state: BrokerState, topics: readonly InitialTopic[]): void {
  for (const { name, partitions = state.config.defaultPartitions, configs = {} } of topics) {
    if (state.topics.get(name) !== undefined) continue;
    const overrides = new Map(Object.entries(configs));
    const refusal = refuseTopic(state, { name, partitions, configs: overrides });
    if (refusal !== undefined) throw new RangeError(`Cannot make topic '${name}': ${refusal.errorMessage}`);
    state.topics.create(name, partitions, overrides);
  }
}
