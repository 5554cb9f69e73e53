/**
 * The answering half of a participant, in the main thread: the supervised replier worker, and the questions that wait
 * for the person at the keyboard.
 *
 * @module
 */
import { within } from "../../base/stop.ts";
import { SupervisedWorker } from "../../base/supervised_worker.ts";
import type { BrainSpec } from "./brains/spec.ts";
import type { BrokerInfo, FromReplier, Incoming, Start, ToReplier } from "./protocol.ts";

/** How long the worker has to leave well. */
const CLOSE_MS = 3_000;

/** What is told to whoever shows the talk. */
export type AnsweringEvent =
  /** A request has come in; where `needsAnswer`, the person at the keyboard is to answer it. */
  | { readonly type: "asked"; readonly needsAnswer: boolean } & Incoming
  /** A message that wants no reply. */
  | { readonly type: "told" } & Incoming
  | { readonly type: "answered"; readonly question: Incoming; readonly text: string }
  | { readonly type: "unanswered"; readonly question: Incoming; readonly error: string };

/** Options of {@linkcode Answering}. */
export interface AnsweringOptions {
  readonly url: URL;
  readonly name: string;
  readonly brain: BrainSpec;
  /** May take its time: until then, few more come. */
  readonly onEvent: (event: AnsweringEvent) => void | Promise<void>;
  readonly onTrouble: (message: string) => void;
}

/** See the module. The worker loads at once; it connects with {@linkcode Answering.start}. */
export class Answering implements AsyncDisposable {
  readonly #options: AnsweringOptions;
  readonly #worker: SupervisedWorker<ToReplier, FromReplier>;
  /** Asked and not answered yet, the oldest first. */
  readonly #open = new Map<string, Incoming & { readonly needsAnswer: boolean }>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #hasBeenReady = false;
  #start: Start & { readonly broker: BrokerInfo } | undefined;

  constructor(options: AnsweringOptions) {
    this.#options = options;
    this.#ready.promise.catch(() => {});
    const { url, name, brain, onTrouble } = options;
    this.#worker = new SupervisedWorker<ToReplier, FromReplier>({
      url,
      name: `${name}'s replier`,
      init: () => this.#start === undefined ? { type: "load" } : { type: "start", brain, ...this.#start },
      onMessage: (message) => this.#on(message),
      onDown: (reason, restartInMs) => {
        // What was asked has not been committed: it comes again.
        this.#open.clear();
        onTrouble(`The replier has stopped (${reason}); it starts again in ${restartInMs} ms`);
      },
    });
  }

  /** Connects. Resolves when requests are being answered. */
  start(start: Start & { readonly broker: BrokerInfo }): Promise<void> {
    this.#start = start;
    this.#worker.post({ type: "start", brain: this.#options.brain, ...start });
    return this.#ready.promise;
  }

  /** There is another broker behind the same address. */
  brokerChanged(broker: BrokerInfo): void {
    if (this.#start === undefined) return;
    this.#start = { ...this.#start, broker };
    this.#worker.post({ type: "broker", broker });
  }

  /** The question that the next typed line answers; undefined if none waits. */
  get oldestQuestion(): Incoming | undefined {
    for (const question of this.#open.values()) {
      if (question.needsAnswer) return question;
    }
    return undefined;
  }

  /** The person at the keyboard answers the oldest question. */
  answerOldest(text: string): void {
    const question = this.oldestQuestion;
    if (question === undefined) return;
    this.#worker.post({ type: "answer", id: question.id, text });
    this.#open.set(question.id, { ...question, needsAnswer: false });
  }

  /** Ends the worker as if it had died: what it had not answered comes again. */
  kill(reason: string): void {
    this.#worker.kill(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#worker.post({ type: "stop" })) {
      await within(this.#stopped.promise, CLOSE_MS, () => new Error()).catch(() => {});
    }
    this.#worker.close();
  }

  #on(message: FromReplier): void {
    switch (message.type) {
      case "ready":
        this.#hasBeenReady = true;
        return this.#ready.resolve();
      case "fault":
        if (this.#hasBeenReady) return this.#worker.kill(message.error);
        // Whoever starts it is told, and decides: there is hardly any use in another try.
        this.#worker.close();
        this.#stopped.resolve();
        return this.#ready.reject(new Error(message.error));
      case "asked":
        this.#open.set(message.id, message);
        void this.#options.onEvent(message);
        return;
      case "told":
        void this.#tellLast(message);
        return;
      case "answered":
      case "unanswered": {
        const question = this.#open.get(message.id);
        this.#open.delete(message.id);
        void this.#tellLast(
          question === undefined
            ? undefined
            : message.type === "answered"
            ? { type: "answered", question, text: message.text }
            : { type: "unanswered", question, error: message.error },
        );
        return;
      }
      case "trouble":
        return this.#options.onTrouble(message.message);
      case "stopped":
        return this.#stopped.resolve();
    }
  }

  /** Tells the last there is of a request; when that has been shown, the worker may take another. */
  async #tellLast(event: AnsweringEvent | undefined): Promise<void> {
    if (event !== undefined) await this.#options.onEvent(event);
    this.#worker.post({ type: "shown" });
  }
}
