/**
 * What a host and the broker's worker say to each other.
 *
 * @module
 */
import type { LogLevel } from "../base/log.ts";
import type { BrokerOptions, Recovered } from "./broker.ts";

/** The part of the options that goes to another thread. */
export type BrokerWorkerOptions = Omit<BrokerOptions, "signal" | "clock">;

/** From the host. */
export type ToBrokerWorker =
  | { readonly type: "start"; readonly options: BrokerWorkerOptions; readonly logLevel?: LogLevel }
  | { readonly type: "stop" };

/** Why a start failed, where the host branches on it. */
export type StartFailure = "port-in-use" | "data-locked" | "other";

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
  | { readonly type: "log"; readonly level: LogLevel; readonly line: string }
  | { readonly type: "stopped" };
