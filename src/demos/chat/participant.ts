/**
 * One participant of a chat: what asks, and what answers, each in a supervised worker of its own.
 *
 * @module
 */
import type { KafkaSettings } from "../../kafka/settings.ts";
import { Answering, type AnsweringEvent } from "./answering.ts";
import { Asking, type ChatStats, type Outcome } from "./asking.ts";
import type { BrainSpec } from "./brains/spec.ts";
import type { BrokerInfo, Incoming, Member } from "./protocol.ts";

/** Where the worker modules lie. */
export interface ChatWorkers {
  readonly sender: URL;
  readonly replier: URL;
}

/** What a participant tells whoever shows the talk. */
export type ParticipantEvent = AnsweringEvent | { readonly type: "trouble"; readonly message: string };

/** Options of {@linkcode Participant}. */
export interface ParticipantOptions {
  readonly name: string;
  readonly workers: ChatWorkers;
  /** What answers; undefined if this participant only asks. */
  readonly brain: BrainSpec | undefined;
  /** Resolves, where it takes its time, when the event has been shown: until then, few more come. */
  readonly onEvent: (event: ParticipantEvent) => void | Promise<void>;
}

/** See the module. The workers load at once; they connect with {@linkcode Participant.start}. */
export class Participant implements AsyncDisposable {
  readonly name: string;
  /** Tells the instances of one name apart. */
  readonly instance = crypto.randomUUID().slice(-12);
  readonly #asking: Asking;
  readonly #answering: Answering | undefined;

  constructor({ name, workers, brain, onEvent }: ParticipantOptions) {
    this.name = name;
    const onTrouble = (message: string) => void onEvent({ type: "trouble", message });
    this.#asking = new Asking(workers.sender, name, onTrouble);
    this.#answering = brain && new Answering({ url: workers.replier, name, brain, onEvent, onTrouble });
  }

  /**
   * Connects both halves.
   *
   * @throws {Error} that says why it cannot
   */
  async start(settings: KafkaSettings, broker: BrokerInfo): Promise<void> {
    const start = {
      settings: { ...settings, clientId: `parley-chat-${this.name}` },
      name: this.name,
      instance: this.instance,
    };
    await Promise.all([this.#asking.start(start), this.#answering?.start({ ...start, broker })]);
  }

  /** There is another broker behind the same address. */
  brokerChanged(broker: BrokerInfo): void {
    this.#answering?.brokerChanged(broker);
  }

  /** Sends `text` to the participant `to`. Always resolves, at the latest a little after the deadline. */
  request(
    to: string,
    text: string,
    options: { timeoutMs: number; key?: string | undefined },
  ): Promise<Outcome> {
    return this.#asking.request(to, text, options);
  }

  /** The question that the next typed line answers; undefined if none waits. */
  get oldestQuestion(): Incoming | undefined {
    return this.#answering?.oldestQuestion;
  }

  /** The person at the keyboard answers the oldest question. */
  answerOldest(text: string): void {
    this.#answering?.answerOldest(text);
  }

  /** The members of all chats' groups, as the broker sees them. @throws {Error} if it does not say */
  who(): Promise<readonly Member[]> {
    return this.#asking.who();
  }

  stats(): Promise<ChatStats> {
    return this.#asking.stats();
  }

  /** Ends a worker as if it had died: it starts again, and nothing is lost. */
  kill(half: "sender" | "replier", reason: string): void {
    if (half === "sender") this.#asking.kill(reason);
    else this.#answering?.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#asking[Symbol.asyncDispose](), this.#answering?.[Symbol.asyncDispose]()]);
  }
}
