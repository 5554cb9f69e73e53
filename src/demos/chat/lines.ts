/**
 * How a talk reads: as lines for a person, or as one JSON object a message.
 *
 * @module
 */
import { styleText } from "node:util";
import type { ChatStats, Outcome } from "./asking.ts";
import { printable } from "./printable.ts";
import type { Incoming, Member } from "./protocol.ts";

/** What may be done to a word. */
type Style = "bold" | "cyan" | "dim" | "green" | "magenta" | "red" | "yellow";

/** Colours a participant's name can have. */
const NAME_STYLES: readonly Style[] = ["cyan", "magenta", "green", "yellow"];

/** Writes what happens in a talk; see the module. */
export class Lines {
  readonly #me: string;
  readonly #color: boolean;

  constructor(me: string, color: boolean) {
    this.#me = me;
    this.#color = color;
  }

  /** What came of a request. */
  outcome(outcome: Outcome): string {
    return outcome.ok
      ? `${this.said(outcome.from, outcome.text)}  ${this.dim(msText(outcome.rttMs))}`
      : this.trouble(outcome.error);
  }

  /** A request. */
  asked(message: Incoming, needsAnswer: boolean): string {
    const text = this.said(message.from, message.text);
    return needsAnswer ? `${text}  ${this.dim("(the next line you type answers)")}` : text;
  }

  /** A message that wants no reply. */
  told(from: string, text: string): string {
    return `${this.said(from, text)}  ${this.dim("(unasked)")}`;
  }

  /** Somebody said something. */
  said(who: string, text: string): string {
    return `${this.who(who)} ${indent(printable(text), who.length + 2)}`;
  }

  /** A name, as it stands before what is said. */
  who(name: string): string {
    let hash = 0;
    for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
    const style = name === "jarvis"
      ? "magenta"
      : name === "tony"
      ? "cyan"
      : NAME_STYLES[hash % NAME_STYLES.length];
    return this.#style([style ?? "green", "bold"], `${printable(name)}:`);
  }

  trouble(text: string): string {
    return this.#style(["red"], `! ${printable(text)}`);
  }

  notice(text: string): string {
    return this.#style(["dim"], `- ${printable(text)}`);
  }

  dim(text: string): string {
    return this.#style(["dim"], text);
  }

  bold(text: string): string {
    return this.#style(["bold"], text);
  }

  /** What stands before the line that is being typed. */
  prompt(answering: string | undefined): string {
    return this.#style(
      ["bold"],
      answering === undefined ? `${this.#me}> ` : `${this.#me} → ${printable(answering)}> `,
    );
  }

  members(members: readonly Member[]): string {
    if (members.length === 0) return this.notice("Nobody answers at the moment, as far as the broker knows");
    const names = members.map(({ name, clientId, host }) => {
      const me = name === this.#me ? " (you, or another of your name)" : "";
      const where = printable(`${clientId} at ${host.replace(/^\//, "")}`);
      return `  ${printable(name).padEnd(12)} ${this.dim(`${where}${me}`)}`;
    });
    return ["Who answers, as the broker sees it:", ...names].join("\n");
  }

  stats(stats: ChatStats): string {
    const { sent, answered, failed, late, lost, p50Ms, p99Ms } = stats;
    return [
      `sent ${sent}, answered ${answered}, failed ${failed}, late ${late}, lost ${lost}`,
      `round trip: p50 ${msText(p50Ms)}, p99 ${msText(p99Ms)}`,
    ].join("\n");
  }

  #style(styles: Style[], text: string): string {
    return this.#color ? styleText(styles, text, { validateStream: false }) : text;
  }
}

/** One message as a line of JSON. What is not known is null; `error` is there only where there is one. */
export function jsonLine(message: {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly text?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly rttMs?: number;
  readonly error?: string;
}): string {
  const { id, from, to, text, partition, offset, rttMs, error } = message;
  const line = JSON.stringify({
    id,
    from,
    to,
    text: text ?? null,
    partition: partition ?? null,
    offset: offset === undefined ? null : String(offset),
    rttMs: rttMs === undefined ? null : Math.round(rttMs * 1_000) / 1_000,
    ...(error === undefined ? {} : { error }),
  });
  // JSON leaves C1 and what turns the direction of text as they are; a terminal would obey them.
  return line.replace(
    /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What came of a request to `me`'s peer, as a line of JSON. */
export function outcomeJson(me: string, outcome: Outcome): string {
  return jsonLine({ ...outcome, to: me });
}

/** A time as a person reads it: three digits, `–` if there is none. */
export function msText(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 10
    ? `${ms.toFixed(2)} ms`
    : ms < 10_000
    ? `${ms.toFixed(0)} ms`
    : `${(ms / 1_000).toFixed(1)} s`;
}

/** Lines after the first stand under the first. */
function indent(text: string, width: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(width)}`);
}
