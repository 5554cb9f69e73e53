/**
 * The scripted talk of Tony and Jarvis: what is said is written down here, but every line is a request that goes
 * through the broker's log to a replier and back.
 *
 * @module
 */
import { sleep, within } from "../../base/stop.ts";
import type { KafkaSettings } from "../../kafka/settings.ts";
import { Answering, type AnsweringEvent } from "./answering.ts";
import { Asking, type ChatStats } from "./asking.ts";
import type { Lines } from "./lines.ts";
import type { ChatWorkers } from "./participant.ts";
import type { BrokerInfo } from "./protocol.ts";

/** What Tony says before the reminder is due. */
const TONY_SAYS = [
  "Jarvis, are you up?",
  "status",
  "remember the armour is red and gold",
  "what is the armour?",
  "I am thinking about a coffee machine for the suit",
  "Can you bring the car round?",
  "remind me in 1s to put the soldering iron down",
];
/** What Jarvis asks, and what Tony answers. */
const JARVIS_ASKS = "Shall I run the diagnostics before you leave, sir?";
const TONY_ANSWERS = "Do. And put some music on.";

const TIMEOUT_MS = 10_000;
/** The reminder is due after a second; another Tony, elsewhere, may get it. */
const REMINDER_MS = 4_000;

/** Options of {@linkcode ChatDemo}. */
export interface ChatDemoOptions {
  readonly workers: ChatWorkers;
  readonly lines: Lines;
  readonly print: (text: string) => void;
  /** Between two lines, so that a person can follow. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** See the module. What the first reply needs loads at once, the rest after it. */
export class ChatDemo implements AsyncDisposable {
  readonly #options: ChatDemoOptions;
  readonly #halves: AsyncDisposable[] = [];
  readonly #tonyAsks: Asking;
  readonly #jarvisAnswers: Answering;
  readonly #reminded = Promise.withResolvers<void>();

  constructor(options: ChatDemoOptions) {
    this.#options = options;
    this.#tonyAsks = this.#asking("tony");
    this.#jarvisAnswers = this.#answering("jarvis", "butler", (event) => {
      if (event.type === "unanswered") this.#trouble(event.error);
    });
  }

  /**
   * Has the talk.
   *
   * @returns Tony's figures
   * @throws {Error} if the broker does not let them talk
   */
  async run(settings: KafkaSettings, broker: BrokerInfo): Promise<ChatStats> {
    const { signal, pauseMs } = this.#options;
    const connect = (name: string) => ({
      settings: { ...settings, clientId: `parley-chat-${name}` },
      name,
      instance: crypto.randomUUID().slice(-12),
    });
    const tony = connect("tony");
    const jarvis = connect("jarvis");
    await Promise.all([this.#tonyAsks.start(tony), this.#jarvisAnswers.start({ ...jarvis, broker })]);

    for (const [i, text] of TONY_SAYS.entries()) {
      if (i > 0) await sleep(pauseMs, signal);
      await this.#say(this.#tonyAsks, "tony", "jarvis", text);
    }
    const tonyAnswers = this.#answering("tony", "human", (event) => {
      if (event.type === "asked") tonyAnswers.answerOldest(TONY_ANSWERS);
      else if (event.type === "told") this.#heard(event.from, event.text);
    });
    const jarvisAsks = this.#asking("jarvis");
    await Promise.all([tonyAnswers.start({ ...tony, broker }), jarvisAsks.start(jarvis)]);
    await this.#say(jarvisAsks, "jarvis", "tony", JARVIS_ASKS);
    await within(this.#reminded.promise, REMINDER_MS, () => new Error()).catch(() => {
      this.#options.print(this.#options.lines.notice("Another Tony, elsewhere, was reminded"));
    });
    return await this.#tonyAsks.stats();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#halves.map((half) => half[Symbol.asyncDispose]()));
  }

  async #say(asking: Asking, from: string, to: string, text: string): Promise<void> {
    const { lines, print, signal } = this.#options;
    signal.throwIfAborted();
    print(lines.said(from, text));
    const outcome = await asking.request(to, text, { timeoutMs: TIMEOUT_MS });
    print(lines.outcome(outcome));
    if (!outcome.ok) throw new Error(`The talk has broken off: ${outcome.error}`);
  }

  #heard(from: string, text: string): void {
    const { lines, print } = this.#options;
    print(lines.told(from, text));
    this.#reminded.resolve();
  }

  #asking(name: string): Asking {
    const asking = new Asking(this.#options.workers.sender, name, (message) => this.#trouble(message));
    this.#halves.push(asking);
    return asking;
  }

  #answering(name: string, kind: "butler" | "human", onEvent: (event: AnsweringEvent) => void): Answering {
    const answering = new Answering({
      url: this.#options.workers.replier,
      name,
      brain: { kind },
      onEvent,
      onTrouble: (message) => this.#trouble(message),
    });
    this.#halves.push(answering);
    return answering;
  }

  #trouble(message: string): void {
    this.#options.print(this.#options.lines.trouble(message));
  }
}
