/**
 * The broker in a worker of its own: started and stopped by the messages of protocol.ts.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { describeError } from "../base/errors.ts";
import { configureLog, logLine } from "../base/log.ts";
import { type Broker, startBroker } from "./broker.ts";
import { DataLockedError, PortInUseError } from "./errors.ts";
import type { FromBrokerWorker, StartFailure, ToBrokerWorker } from "./protocol.ts";

const worker = globalThis as unknown as DedicatedWorkerGlobalScope;
const post = (message: FromBrokerWorker) => worker.postMessage(message);

let broker: Broker | undefined;

worker.onmessage = ({ data }: MessageEvent<ToBrokerWorker>) => {
  handle(data).catch(fault);
};
// What nobody caught would be printed across the terminal.
worker.onunhandledrejection = (event) => {
  event.preventDefault();
  fault(event.reason);
};
worker.onerror = (event) => {
  event.preventDefault();
  fault(event.error);
};

/** The broker cannot go on: its host ends the worker, and starts another. */
function fault(error: unknown): void {
  post({ type: "fault", error: describeError(error) });
}

async function handle(message: ToBrokerWorker): Promise<void> {
  switch (message.type) {
    case "start":
      configureLog({
        level: message.logLevel ?? "warning",
        sink: (record) => post({ type: "log", level: record.level, line: logLine(record) }),
      });
      try {
        broker = await startBroker(message.options);
        const { address, clusterId, recovered } = broker;
        post({ type: "ready", address, clusterId, startedAt: Date.now(), recovered });
      } catch (error) {
        post({ type: "failed", reason: failureOf(error), message: describeError(error) });
      }
      return;
    case "stop":
      await broker?.close();
      post({ type: "stopped" });
      worker.close();
  }
}

function failureOf(error: unknown): StartFailure {
  if (error instanceof PortInUseError) return "port-in-use";
  return error instanceof DataLockedError ? "data-locked" : "other";
}
