/**
 * How far long work is: a bar on a terminal, nothing elsewhere.
 *
 * @module
 */

const WIDTH = 30;
const CLEAR_LINE = "\r\x1b[K";
const encoder = new TextEncoder();

/** A bar on stderr, erased at the end. */
export class Progress implements Disposable {
  readonly #total: number;
  readonly #shows = Deno.stderr.isTerminal();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Names what begins now. */
  begin(what: string): void {
    const filled = Math.round(WIDTH * this.#done / this.#total);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    this.#write(`${CLEAR_LINE}${bar} ${this.#done}/${this.#total} ${what}`);
  }

  /** What was begun is done. */
  done(): void {
    this.#done++;
  }

  [Symbol.dispose](): void {
    this.#write(CLEAR_LINE);
  }

  #write(text: string): void {
    if (this.#shows) Deno.stderr.writeSync(encoder.encode(text));
  }
}
