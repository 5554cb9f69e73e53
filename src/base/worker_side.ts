/**
 * A worker's own side of supervised_worker.ts: it handles the messages that come, and tells its faults.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { describeError } from "./errors.ts";

/** The worker cannot go on: who started it ends it, and starts another. */
export interface WorkerFault {
  readonly type: "fault";
  readonly error: string;
}

/** What a worker's module needs of its thread. */
export interface WorkerSide<Out> {
  post(message: Out): void;
  /** Ends the thread. */
  close(): void;
}

/** Gives each message to `handle`. What it rejects with, and what nobody caught, is posted as a fault. */
export function workerSide<In, Out>(handle: (message: In) => Promise<void>): WorkerSide<Out | WorkerFault> {
  const worker = globalThis as unknown as DedicatedWorkerGlobalScope;
  const side: WorkerSide<Out | WorkerFault> = {
    post: (message) => worker.postMessage(message),
    close: () => worker.close(),
  };
  const fault = (error: unknown) => side.post({ type: "fault", error: describeError(error) });
  worker.onmessage = (event: MessageEvent<In>) => {
    handle(event.data).catch(fault);
  };
  // Deno would print it across the terminal, whatever the parent does.
  worker.onunhandledrejection = (event) => {
    event.preventDefault();
    fault(event.reason);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fault(event.error);
  };
  return side;
}
