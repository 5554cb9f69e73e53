/**
 * What a host and the broker's worker say to each other.
 *
 * @module
 */
import type { LogFormat, LogLevel } from "../base/log.ts";
import type { BrokerOptions, Recovered } from "./broker.ts";
import type { BrokerCounts } from "./counts.ts";
import type { FaultRule } from "./faults/rules.ts";

/** The part of the options that goes to another thread. */
export interface BrokerWorkerOptions extends Omit<BrokerOptions, "signal" | "clock" | "faults"> {
  /** What goes wrong on purpose. */
  readonly faults?: readonly FaultRule[];
}

/** From the host. */
export type ToBrokerWorker =
  | {
    readonly type: "start";
    readonly options: BrokerWorkerOptions;
    /** @default {"warning"} */
    readonly logLevel?: LogLevel;
    /** How a line of the log looks. @default {"text"} */
    readonly logFormat?: LogFormat;
  }
  /** Asks for `counts`. */
  | { readonly type: "count" }
  | { readonly type: "stop" };

/** Why a start failed, where the host branches on it. */
export type StartFailure = "port-in-use" | "data-locked" | "config" | "other";

/** From the worker. */
export type FromBrokerWorker =
  | {
    readonly type: "ready";
    /** `host:port`. */
    readonly address: string;
    readonly clusterId: string;
    /** Epoch milliseconds. */
    readonly startedAt: number;
    readonly recovered: Recovered;
  }
  | { readonly type: "failed"; readonly reason: StartFailure; readonly message: string }
  /** It cannot go on: something was thrown that nobody caught. */
  | { readonly type: "fault"; readonly error: string }
  | { readonly type: "counts"; readonly counts: BrokerCounts }
  | { readonly type: "log"; readonly level: LogLevel; readonly line: string }
  | { readonly type: "stopped" };
