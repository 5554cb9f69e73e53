/**
 * A line editor at the bottom of the terminal, and above it whatever arrives: what is typed is erased, the text
 * printed, and what is typed drawn again, so neither clobbers the other.
 *
 * node:readline knows the keys, and what they do to the line; it draws nothing, as it erases a row too many where it
 * counts more cells than the terminal does. It is drawn here: in rows that fit on any terminal, and with the cursor
 * placed by writing what stands before it.
 *
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { rowsOf } from "./input_rows.ts";
import { printable } from "./printable.ts";

/** Lines that the arrow keys bring back. */
const HISTORY_LINES = 500;
/** Where the terminal does not say how wide it is. */
const COLUMNS = 80;

/** Erases from the cursor to the end of the screen. */
const ERASE_BELOW = "\x1b[J";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/** Options of {@linkcode Terminal}. */
export interface TerminalOptions {
  readonly prompt: string;
  readonly onLine: (line: string) => void;
  /** Ctrl-C, Ctrl-D, or the terminal is gone. */
  readonly onLeave: () => void;
  /** @default the process's own */
  readonly input?: NodeJS.ReadStream;
  /** @default the process's own */
  readonly output?: NodeJS.WriteStream;
}

/** See the module. */
export class Terminal implements Disposable {
  readonly #editor: Interface;
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  #prompt: string;
  /** The rows that are on the screen, and in which of them the cursor stands. */
  #drawn: readonly string[] = [];
  #cursorRow = 0;
  #isStale = false;
  #isClosed = false;

  constructor({ prompt, onLine, onLeave, input = process.stdin, output = process.stdout }: TerminalOptions) {
    this.#prompt = prompt;
    this.#input = input;
    this.#output = output;
    this.#editor = createInterface({
      input,
      output: new Writable({ write: (_text, _encoding, done) => done() }),
      terminal: true,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
    });
    this.#editor.on("line", (line) => {
      const text = this.#rows(line).join("\r\n");
      this.#output.write(`${this.#erasing()}${text}${text.endsWith("\n") ? "" : "\r\n"}`);
      onLine(line);
      this.#drawLater();
    });
    this.#editor.on("SIGINT", onLeave);
    this.#editor.on("close", () => {
      if (this.#isClosed) return;
      // Ctrl-D on an empty line, or the terminal is gone.
      this.#close();
      onLeave();
    });
    // The editor listens too, and first: the line is what the key has made of it.
    input.on("keypress", this.#onKey);
    output.on("resize", this.#onResize);
    this.#draw();
  }

  /** Prints `text` above what is being typed. */
  show(text: string): void {
    if (!this.#isClosed) this.#draw(`${text}\n`);
  }

  /** Changes what stands before the line that is being typed. */
  setPrompt(prompt: string): void {
    if (this.#isClosed || prompt === this.#prompt) return;
    this.#prompt = prompt;
    this.#draw();
  }

  /** Gives the terminal back as it was, on a line of its own. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#close();
    this.#editor.close();
  }

  #close(): void {
    this.#isClosed = true;
    this.#input.off("keypress", this.#onKey);
    this.#output.off("resize", this.#onResize);
    this.#output.write(this.#erasing());
  }

  readonly #onKey = (_text: string | undefined, key: { ctrl: boolean; name?: string }): void => {
    if (key.ctrl && key.name === "l") {
      this.#output.write(this.#erasing() + CLEAR_SCREEN);
    }
    this.#drawLater();
  };

  readonly #onResize = (): void => {
    this.#output.write(this.#erasing());
    this.#drawLater();
  };

  /** Draws once for all the keys that come at the same time. */
  readonly #drawLater = (): void => {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => {
      if (this.#isStale && !this.#isClosed) this.#draw();
    });
  };

  /** Draws what has changed of what is typed; or, under `above`, all of it. */
  #draw(above = ""): void {
    this.#isStale = false;
    const { line, cursor } = this.#editor;
    const rows = this.#rows(line);
    const { row, before } = placeOf(this.#prompt.length + shown(line.slice(0, cursor)).length, rows);
    const start = above === "" ? "" : this.#erasing() + above;
    let from = 0;
    while (from < Math.min(this.#cursorRow, rows.length - 1) && rows[from] === this.#drawn[from]) from++;
    const changed = `${up(this.#cursorRow - from)}\r${ERASE_BELOW}${rows.slice(from).join("\r\n")}`;
    const toCursor = cursor === line.length ? "" : `${up(rows.length - 1 - row)}\r${before}`;
    this.#drawn = rows;
    this.#cursorRow = row;
    this.#output.write(start + changed + toCursor);
  }

  /** Erases what is typed, and leaves the cursor where it began. */
  #erasing(): string {
    const text = `${up(this.#cursorRow)}\r${ERASE_BELOW}`;
    this.#drawn = [];
    this.#cursorRow = 0;
    return text;
  }

  #rows(line: string): string[] {
    return rowsOf(this.#prompt + shown(line), this.#output.columns || COLUMNS);
  }
}

/** In which of `rows` the character at `index` of the whole text stands, and what stands before it there. */
function placeOf(index: number, rows: readonly string[]): { row: number; before: string } {
  let at = index;
  let row = 0;
  for (const { length } of rows.slice(0, -1)) {
    if (at < length) break;
    at -= length;
    row++;
  }
  return { row, before: rows[row]?.slice(0, at) ?? "" };
}

/** A line as it is drawn. */
function shown(line: string): string {
  return printable(line).replaceAll("\t", " ");
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}
