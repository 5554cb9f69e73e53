/**
 * The broker in a worker of its own: started and stopped by the messages of protocol.ts.
 *
 * @module
 */
import { ConfigError, describeError } from "../base/errors.ts";
import { configureLog, formattedLog } from "../base/log.ts";
import { workerSide } from "../base/worker_side.ts";
import { type Broker, startBroker } from "./broker.ts";
import type { Faults } from "./faults/faults.ts";
import type { FaultRule } from "./faults/rules.ts";
import { DataLockedError, PortInUseError } from "./errors.ts";
import type { FromBrokerWorker, StartFailure, ToBrokerWorker } from "./protocol.ts";

const { post, close } = workerSide<ToBrokerWorker, FromBrokerWorker>(handle);

let broker: Broker | undefined;

async function handle(message: ToBrokerWorker): Promise<void> {
  switch (message.type) {
    case "start":
      configureLog({
        level: message.logLevel ?? "warning",
        sink: (record) => {
          post({ type: "log", level: record.level, line: formattedLog(record, message.logFormat ?? "text") });
        },
      });
      try {
        const { faults: rules, ...options } = message.options;
        broker = await startBroker(
          rules === undefined ? options : { ...options, faults: await faultsOf(rules) },
        );
        const { address, clusterId, recovered } = broker;
        post({ type: "ready", address, clusterId, startedAt: Date.now(), recovered });
      } catch (error) {
        post({ type: "failed", reason: failureOf(error), message: describeError(error) });
      }
      return;
    case "count":
      if (broker !== undefined) post({ type: "counts", counts: broker.counts() });
      return;
    case "stop":
      await broker?.close();
      post({ type: "stopped" });
      close();
  }
}

/** Loaded when there are some: only tests have any. */
async function faultsOf(rules: readonly FaultRule[]): Promise<Faults> {
  const { Faults } = await import("./faults/faults.ts");
  return new Faults(rules);
}

function failureOf(error: unknown): StartFailure {
  if (error instanceof PortInUseError) return "port-in-use";
  if (error instanceof ConfigError) return "config";
  return error instanceof DataLockedError ? "data-locked" : "other";
}
