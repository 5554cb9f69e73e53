/**
 * The embedded broker in a worker of this process, supervised.
 *
 * @module
 */
import type { LogFormat, LogLevel } from "../base/log.ts";
import { within } from "../base/stop.ts";
import { SupervisedWorker } from "../base/supervised_worker.ts";
import type { BrokerCounts } from "../broker/counts.ts";
import type { BrokerWorkerOptions, FromBrokerWorker, ToBrokerWorker } from "../broker/protocol.ts";
import { parseAddress } from "../config.ts";
import { WORKERS } from "../workers.ts";

/** How long the broker has to close well. */
const CLOSE_MS = 5_000;
/** How long the broker has to tell its counts: one that does not is not well. */
const COUNT_MS = 2_000;

/** The broker serves. */
export type BrokerReady = Extract<FromBrokerWorker, { type: "ready" }>;
/** The broker could not. */
export type BrokerFailed = Extract<FromBrokerWorker, { type: "failed" }>;

/** The broker's log. */
export interface BrokerLog {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** A line of it, without its end. */
  readonly onLine: (line: string) => void;
}

/** See the module. It starts at once; a broker that dies is started again, which is another attempt. */
export class EmbeddedBroker implements AsyncDisposable {
  readonly #worker: SupervisedWorker<ToBrokerWorker, FromBrokerWorker>;
  readonly #onLine: (line: string) => void;
  readonly #stopped = Promise.withResolvers<void>();
  #options: BrokerWorkerOptions;
  #asking: PromiseWithResolvers<BrokerCounts> | undefined;
  #next = Promise.withResolvers<BrokerReady | BrokerFailed>();

  /**
   * @param onTrouble told when the broker has died, in a line
   * @param log where the broker's log goes @default warnings, as text, to `onTrouble`
   */
  constructor(options: BrokerWorkerOptions, onTrouble: (message: string) => void, log?: BrokerLog) {
    this.#options = options;
    this.#onLine = log?.onLine ?? onTrouble;
    this.#worker = new SupervisedWorker<ToBrokerWorker, FromBrokerWorker>({
      url: WORKERS.broker,
      name: "broker",
      init: () => ({
        type: "start",
        options: this.#options,
        ...(log === undefined ? {} : { logLevel: log.level, logFormat: log.format }),
      }),
      onMessage: (message) => this.#on(message),
      onDown: (reason, restartInMs) =>
        onTrouble(`The broker has stopped (${reason}); it starts again in ${restartInMs} ms`),
    });
  }

  /** What the next attempt comes to: the first one, or that after a death. */
  get attempt(): Promise<BrokerReady | BrokerFailed> {
    return this.#next.promise;
  }

  /** What the broker has done so far, and what it holds. @throws {Error} if it does not tell in time */
  counts(): Promise<BrokerCounts> {
    this.#asking ??= Promise.withResolvers();
    this.#worker.post({ type: "count" });
    return within(this.#asking.promise, COUNT_MS, () => new Error("The broker does not answer"));
  }

  /** Ends the worker as if it had died: it starts again. */
  kill(reason: string): void {
    this.#worker.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#worker.post({ type: "stop" })) {
      await within(this.#stopped.promise, CLOSE_MS, () => new Error()).catch(() => {});
    }
    this.#worker.close();
  }

  #on(message: FromBrokerWorker): void {
    switch (message.type) {
      case "stopped":
        return this.#stopped.resolve();
      case "ready": {
        // A port that was chosen for us is kept: the clients know it.
        const listening = parseAddress(message.address);
        const listen = listening && { ...listening, ...hostnameOf(this.#options) };
        if (listen !== undefined) this.#options = { ...this.#options, listen };
        return this.#attempted(message);
      }
      case "failed":
        return this.#attempted(message);
      case "fault":
        return this.#worker.kill(message.error);
      case "counts":
        this.#asking?.resolve(message.counts);
        this.#asking = undefined;
        return;
      case "log":
        return this.#onLine(message.line);
    }
  }

  #attempted(message: BrokerReady | BrokerFailed): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve(message);
  }
}

/** The name that it was told to listen by: the address tells no names. */
function hostnameOf({ listen }: BrokerWorkerOptions): { hostname?: string } {
  return listen === undefined ? {} : { hostname: listen.hostname };
}
