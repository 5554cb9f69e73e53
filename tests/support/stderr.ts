/**
 * What is shown on stderr by `console.error`.
 *
 * @module
 */

/** Keeps what is shown from the terminal while it lives. For one test at a time. */
export class CapturedErrors implements Disposable {
  readonly shown: string[] = [];
  readonly #show = console.error;

  constructor() {
    console.error = (...parts: unknown[]) => {
      this.shown.push(parts.map((part) => part instanceof Error ? part.message : String(part)).join(" "));
    };
  }

  [Symbol.dispose](): void {
    console.error = this.#show;
  }
}
