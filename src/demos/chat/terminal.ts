/**
 * A line editor at the bottom of the terminal, and above it whatever arrives: what is typed is erased, the text
 * printed, and what is typed drawn again, so neither clobbers the other.
 *
 * @module
 */
import process from "node:process";
import { clearScreenDown, createInterface, cursorTo, type Interface } from "node:readline";

/** Lines that the arrow keys bring back. */
const HISTORY_LINES = 500;

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
  readonly #output: NodeJS.WriteStream;
  #isClosed = false;

  constructor({ prompt, onLine, onLeave, input = process.stdin, output = process.stdout }: TerminalOptions) {
    this.#output = output;
    this.#editor = createInterface({
      input,
      output,
      prompt,
      terminal: true,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
    });
    this.#editor.on("line", (line) => {
      onLine(line);
      if (!this.#isClosed) this.#editor.prompt();
    });
    this.#editor.on("SIGINT", onLeave);
    this.#editor.on("close", () => {
      if (this.#isClosed) return;
      // Ctrl-D on an empty line, or the terminal is gone: the editor draws no more.
      this.#isClosed = true;
      this.#clearRow();
      onLeave();
    });
    this.#editor.prompt();
  }

  /** Prints `text` above what is being typed. */
  show(text: string): void {
    if (this.#isClosed) return;
    const typed: { line: string; cursor: number } = this.#editor;
    const { line, cursor } = typed;
    this.#erase();
    this.#output.write(`${text}\n`);
    typed.line = line;
    typed.cursor = cursor;
    this.#editor.prompt(true);
  }

  /** Changes what stands before the line that is being typed. */
  setPrompt(prompt: string): void {
    if (this.#isClosed || prompt === this.#editor.getPrompt()) return;
    this.#editor.setPrompt(prompt);
    this.#editor.prompt(true);
  }

  /** Gives the terminal back as it was, on a line of its own. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#erase();
    this.#editor.close();
  }

  /** The editor is told that its line is empty: so it erases every row that the line took, and knows that it did. */
  #erase(): void {
    const typed: { line: string; cursor: number } = this.#editor;
    typed.line = "";
    typed.cursor = 0;
    this.#editor.prompt(true);
    this.#clearRow();
  }

  #clearRow(): void {
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }
}
