/**
 * What a person sees: a terminal's screen, made from the bytes that it is sent. It knows the orders that a line editor
 * gives; any other one is a failed test.
 *
 * @module
 */

/** What has no cell of its own: it belongs to the character before it. */
const PART = /[\p{Mark}\u200d]/u;
const WIDE = /\p{Emoji_Presentation}/u;

/** See the module. Lines that have scrolled out stay readable. */
export class Screen {
  readonly #columns: number;
  readonly #isJoining: boolean;
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #rest = "";

  /** @param options.isJoining whether emoji that a ZWJ joins are drawn as one: terminals do either */
  constructor(columns: number, { isJoining = false } = {}) {
    this.#columns = columns;
    this.#isJoining = isJoining;
  }

  /** What is there to read: lines without the spaces at their ends. */
  get text(): string {
    return this.#lines.map((line) => Array.from(line, (cell) => cell ?? " ").join("").trimEnd()).join("\n");
  }

  /** The line in which the cursor stands, and where in it. */
  get cursor(): { line: string; column: number } {
    return { line: (this.#lines[this.#row] ?? []).join("").trimEnd(), column: this.#column };
  }

  write(output: string): void {
    let text = this.#rest + output;
    this.#rest = "";
    while (text !== "") {
      if (text.startsWith("\x1b")) {
        // Any character first, as a pattern is not to hold ESC itself.
        const order = /^.\[([?0-9;]*)([A-Za-z])/.exec(text);
        if (order === null) {
          this.#rest = text;
          return;
        }
        this.#obey(order[2] ?? "", order[1] ?? "");
        text = text.slice(order[0].length);
        continue;
      }
      const [character = ""] = text;
      this.#put(character);
      text = text.slice(character.length);
    }
  }

  #put(character: string): void {
    switch (character) {
      case "\r":
        this.#column = 0;
        return;
      case "\n":
        return this.#moveDown();
      case "\b":
        this.#column = Math.max(0, this.#column - 1);
        return;
      case "\x07":
        return;
    }
    const line = this.#line();
    const last = line[this.#column - 1] === "" ? this.#column - 2 : this.#column - 1;
    const isJoined = this.#isJoining && line[last]?.endsWith("\u200d") === true;
    if (PART.test(character) || isJoined) {
      line[last] += character;
      return;
    }
    const cells = WIDE.test(character) ? [character, ""] : [character];
    if (this.#column + cells.length > this.#columns) {
      this.#column = 0;
      this.#moveDown();
    }
    for (const cell of cells) this.#line()[this.#column++] = cell;
  }

  #obey(order: string, argument: string): void {
    const count = Number(argument.split(";")[0] || 1);
    switch (order) {
      case "A":
        this.#row = Math.max(0, this.#row - count);
        return;
      case "B":
        this.#row = Math.min(this.#lines.length - 1, this.#row + count);
        return;
      case "C":
        this.#column = Math.min(this.#columns - 1, this.#column + count);
        return;
      case "D":
        this.#column = Math.max(0, this.#column - count);
        return;
      case "G":
        this.#column = Math.max(0, count - 1);
        return;
      case "J":
        this.#line().length = Math.min(this.#line().length, this.#column);
        this.#lines.length = this.#row + 1;
        return;
      case "K":
        this.#line().length = Math.min(this.#line().length, this.#column);
        return;
      case "m":
      case "h":
      case "l":
        return;
      default:
        throw new RangeError(`Cannot show the screen as the order '${order}' is not known`);
    }
  }

  #moveDown(): void {
    this.#row++;
    this.#line();
  }

  #line(): string[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    const line = this.#lines[this.#row] ?? [];
    while (line.length < this.#column) line.push(" ");
    return line;
  }
}
