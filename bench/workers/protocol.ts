/**
 * What a benchmark's main thread and its workers tell each other: a command, then its answer, one at a time.
 *
 * @module
 */
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import type { Load } from "../load.ts";

/** Topics of requests, each of one replier and one requester. */
export interface Talks {
  readonly settings: KafkaSettings;
  readonly topics: readonly string[];
}

/** To the worker of the requesters. */
export type ToRequesters =
  | { readonly type: "start" } & Talks
  /** All that load.ts measures, on the first topic; `startedAtMs` since the epoch. */
  | { readonly type: "load"; readonly n: number; readonly startedAtMs: number }
  /** `n` calls one after the other, to the topics in turn. */
  | { readonly type: "serial"; readonly n: number }
  /** Calls a second with `inFlight` at a time. */
  | { readonly type: "calls"; readonly n: number; readonly inFlight: number }
  /** `n` messages that want no reply, to the first topic. */
  | { readonly type: "send"; readonly n: number }
  | { readonly type: "stop" };

/** To the worker of the repliers. */
export type ToRepliers =
  | { readonly type: "start" } & Talks
  | { readonly type: "stop" };

/** What each command is answered with. */
export interface Answers {
  readonly start: undefined;
  readonly load: Load;
  /** Milliseconds a call, ascending. */
  readonly serial: readonly number[];
  readonly calls: number;
  readonly send: undefined;
  readonly stop: undefined;
}

/** From a worker. */
export type FromWorker =
  | { readonly type: "done"; readonly answer: Answers[keyof Answers] }
  | { readonly type: "failed"; readonly message: string };
