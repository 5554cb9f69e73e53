/**
 * What a participant's main thread and its two workers tell each other.
 *
 * @module
 */
import type { KafkaSettings } from "../../kafka/settings.ts";
import type { BrainSpec } from "./brains/spec.ts";

/** Which Kafka the participant talks to, as a person would say it. */
export interface BrokerInfo {
  readonly address: string;
  /** Such as `served from this process, data in …`. */
  readonly how: string;
  /** Since when it is served here, or in use, epoch ms. */
  readonly sinceMs: number;
}

/** What both workers need to begin. */
export interface Start {
  readonly settings: KafkaSettings;
  readonly name: string;
  /** Tells the instances of one name apart. The same across a worker's restarts. */
  readonly instance: string;
}

/** To the sender worker. `load` only has it load its modules while the broker is still starting. */
export type ToSender =
  | { readonly type: "load" }
  | { readonly type: "start" } & Start
  | {
    readonly type: "request";
    readonly id: string;
    readonly to: string;
    readonly text: string;
    readonly timeoutMs: number;
    /** Requests of one key keep their order. */
    readonly key: string | undefined;
  }
  | { readonly type: "who" }
  | { readonly type: "late" }
  | { readonly type: "stop" };

/** From the sender worker. `fault`: it cannot go on. */
export type FromSender =
  | { readonly type: "ready" }
  | { readonly type: "fault"; readonly error: string }
  | {
    readonly type: "reply";
    readonly id: string;
    readonly text: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly rttMs: number;
  }
  | { readonly type: "failed"; readonly id: string; readonly error: string; readonly isTimeout: boolean }
  | { readonly type: "who"; readonly members: readonly Member[] | { readonly error: string } }
  | { readonly type: "late"; readonly count: number }
  | { readonly type: "stopped" };

/** One member of a chat's group, as the broker sees it. */
export interface Member {
  readonly name: string;
  readonly clientId: string;
  readonly host: string;
}

/** To the replier worker. */
export type ToReplier =
  | { readonly type: "load" }
  | { readonly type: "start"; readonly brain: BrainSpec; readonly broker: BrokerInfo } & Start
  | { readonly type: "broker"; readonly broker: BrokerInfo }
  | { readonly type: "answer"; readonly id: string; readonly text: string }
  /** One more `told`, `answered` or `unanswered` has been shown to whoever looks on. */
  | { readonly type: "shown" }
  | { readonly type: "stop" };

/** What came in for a participant. */
export interface Incoming {
  readonly id: string;
  readonly from: string;
  readonly text: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** From the replier worker. `fault`: it cannot go on. */
export type FromReplier =
  | { readonly type: "ready" }
  | { readonly type: "fault"; readonly error: string }
  /** A request; where `needsAnswer`, the person at the keyboard is to answer it before `deadlineMs` (epoch). */
  | { readonly type: "asked"; readonly needsAnswer: boolean; readonly deadlineMs: number | undefined }
    & Incoming
  /** A message that wants no reply. */
  | { readonly type: "told" } & Incoming
  /** The reply to a request has been decided: its text, or why there is none. */
  | { readonly type: "answered"; readonly id: string; readonly text: string }
  | { readonly type: "unanswered"; readonly id: string; readonly error: string }
  | { readonly type: "trouble"; readonly message: string }
  | { readonly type: "stopped" };
