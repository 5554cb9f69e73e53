/**
 * A module worker that is started again when it dies, with backoff; both sides talk in typed messages.
 *
 * The worker's first message is `init`, again after every restart. A worker dies of an uncaught error; it ends well
 * by {@linkcode SupervisedWorker.close}.
 *
 * @module
 */
import { backoffMs, type BackoffOptions } from "./backoff.ts";
import { describeError } from "./errors.ts";
import { takeWorker } from "./prepared_worker.ts";

/** Options of {@linkcode SupervisedWorker}. */
export interface SupervisedWorkerOptions<In, Out> {
  /** The worker's module: a static file. */
  readonly url: URL;
  /** How the worker is called in messages for people. */
  readonly name: string;
  /** What each incarnation is told first. Asked anew at every start. */
  readonly init: () => In;
  readonly onMessage: (message: Out) => void;
  /** The worker died of `reason` and starts again in `restartInMs`. */
  readonly onDown?: (reason: string, restartInMs: number) => void;
  /** Delays between restarts. @default {{ baseMs: 100, capMs: 5_000 }} */
  readonly backoff?: BackoffOptions;
  /** A worker that lived this long starts its backoff afresh, in milliseconds. @default {10_000} */
  readonly steadyAfterMs?: number;
}

/** See the module. `In` goes to the worker, `Out` comes from it. */
export class SupervisedWorker<In, Out> implements Disposable {
  readonly #options: SupervisedWorkerOptions<In, Out>;
  #worker: Worker | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #startedAtMs = 0;
  #closed = false;

  constructor(options: SupervisedWorkerOptions<In, Out>) {
    this.#options = options;
    this.#start();
  }

  /** Whether a worker is there to be told something. */
  get isUp(): boolean {
    return this.#worker !== undefined;
  }

  /** Tells the worker. @returns false when there is none at the moment: the message is not kept. */
  post(message: In, transfer: Transferable[] = []): boolean {
    if (this.#worker === undefined) return false;
    this.#worker.postMessage(message, transfer);
    return true;
  }

  /** Ends the worker at once, as if it had died: it starts again. For tests and for a worker that hangs. */
  kill(reason: string): void {
    this.#down(reason);
  }

  /** Ends the worker for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #start(): void {
    const { url, name, init, onMessage } = this.#options;
    const worker = takeWorker(url, name);
    this.#worker = worker;
    this.#startedAtMs = performance.now();
    worker.onmessage = (event: MessageEvent<Out>) => onMessage(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#down(describeError(event.message));
    };
    worker.onmessageerror = () => {
      if (this.#worker === worker) this.#down("a message could not be read");
    };
    worker.postMessage(init());
  }

  #down(reason: string): void {
    if (this.#closed || this.#worker === undefined) return;
    this.#worker.terminate();
    this.#worker = undefined;
    const { backoff = { baseMs: 100, capMs: 5_000 }, steadyAfterMs = 10_000, onDown } = this.#options;
    if (performance.now() - this.#startedAtMs >= steadyAfterMs) this.#failures = 0;
    this.#failures++;
    const restartInMs = backoffMs(this.#failures, backoff);
    this.#timer = setTimeout(() => this.#start(), restartInMs);
    onDown?.(reason, restartInMs);
  }
}
