/**
 * A talk at a terminal: lines that are typed go to the other one, or answer what was asked; what comes in is shown
 * above.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import type { Lines } from "./lines.ts";
import { outcomeJson } from "./lines.ts";
import { nameFault } from "./names.ts";
import type { Participant } from "./participant.ts";

const HELP = [
  "/who     who answers, as the broker sees it",
  "/stats   round-trip times, and what was sent, answered, late, lost",
  "/to NAME talks to somebody else from now on",
  "/help    this",
  "/quit    leaves, as Ctrl-C and Ctrl-D do",
  "Anything else is said to the other one, or answers what you were asked first.",
].join("\n");

/** Where a talk is shown. */
export interface Screen {
  show(text: string): void;
  setPrompt(prompt: string): void;
}

/** Options of {@linkcode Talk}. */
export interface TalkOptions {
  readonly participant: Participant;
  readonly screen: Screen;
  readonly lines: Lines;
  readonly peer: string;
  readonly timeoutMs: number;
  readonly json: boolean;
  readonly leave: () => void;
}

/** See the module. */
export class Talk {
  readonly #options: TalkOptions;
  #peer: string;

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#peer = options.peer;
  }

  /** A line has been typed. */
  typed(line: string): void {
    const text = line.trim();
    if (text === "") return;
    if (text.startsWith("/")) {
      this.#command(text).catch((error) => this.#show(this.#options.lines.trouble(describeError(error))));
      return;
    }
    const { participant } = this.#options;
    if (participant.oldestQuestion === undefined) void this.#say(text);
    else participant.answerOldest(text);
    this.refreshPrompt();
  }

  /** Says whom the next line answers. */
  refreshPrompt(): void {
    const { participant, lines, screen } = this.#options;
    screen.setPrompt(lines.prompt(participant.oldestQuestion?.from));
  }

  async #say(text: string): Promise<void> {
    const { participant, lines, json, timeoutMs } = this.#options;
    const outcome = await participant.request(this.#peer, text, { timeoutMs });
    this.#show(json ? outcomeJson(participant.name, outcome) : lines.outcome(outcome));
  }

  async #command(text: string): Promise<void> {
    const { participant, lines, leave } = this.#options;
    const [command, argument] = text.split(/\s+/, 2);
    switch (command) {
      case "/help":
        return this.#show(HELP);
      case "/quit":
      case "/exit":
        return leave();
      case "/who":
        return this.#show(lines.members(await participant.who()));
      case "/stats":
        return this.#show(lines.stats(await participant.stats()));
      case "/to": {
        const fault = nameFault(argument ?? "");
        if (argument === undefined || fault !== undefined) {
          return this.#show(lines.trouble(fault ?? "/to NAME"));
        }
        this.#peer = argument;
        return this.#show(lines.notice(`You talk to ${argument} now`));
      }
      default:
        return this.#show(lines.trouble(`There is no ${command}: /help tells what there is`));
    }
  }

  #show(text: string): void {
    this.#options.screen.show(text);
  }
}
