/**
 * Regular expressions that cost no more than their length times the text's, whoever wrote them: all ways through one are
 * followed at once, a character at a time (K. Thompson, 1968). What a client sends is matched with these, not with
 * JavaScript's, which a few characters can keep busy for ever.
 *
 * The syntax is what Java's, RE2's and JavaScript's have in common: characters and escapes, `.`, classes, groups,
 * alternatives, `*`, `+`, `?`, `{m,n}` (also lazy), and anchors.
 *
 * @module
 */
import {
  alternative,
  loop,
  optional,
  type Part,
  push,
  type Step,
  type Test,
  testing,
} from "./regexp_program.ts";

/** The most repetitions that one may ask for, as in RE2. */
const MAX_REPEAT = 1_000;
/** The deepest that groups may stand in each other. */
const MAX_DEPTH = 100;

const CLASSES: Readonly<Record<string, Test>> = {
  d: (code) => code >= 48 && code <= 57,
  w: (code) =>
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95,
  s: (code) => code === 32 || (code >= 9 && code <= 13),
};
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };

/** See the module. */
export class LinearRegExp {
  readonly #steps: readonly Step[];

  /** @throws {SyntaxError} if `pattern` is no expression of this kind, or too large */
  constructor(pattern: string) {
    const steps: Step[] = [];
    new Parser(pattern).parse()(steps);
    this.#steps = steps;
  }

  /** Whether the whole of `text` matches. */
  matches(text: string): boolean {
    const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
    let threads = this.#follow([0], 0, codes.length);
    for (const [i, code] of codes.entries()) {
      const next: number[] = [];
      for (const at of threads) {
        const step = this.#steps[at];
        if (step?.kind === "test" && step.test(code)) next.push(at + 1);
      }
      threads = this.#follow(next, i + 1, codes.length);
    }
    return threads.has(this.#steps.length);
  }

  /** Where one can be from `starts` on without taking a character. */
  #follow(starts: readonly number[], position: number, length: number): Set<number> {
    const seen = new Set<number>();
    const left = [...starts];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const step = this.#steps[at];
      switch (step?.kind) {
        case "fork":
          left.push(step.first, step.second);
          break;
        case "jump":
          left.push(step.to);
          break;
        case "start":
          if (position === 0) left.push(at + 1);
          break;
        case "end":
          if (position === length) left.push(at + 1);
          break;
        case "test":
        case undefined:
          break;
      }
    }
    return seen;
  }
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  parse(): Part {
    const part = this.#alternatives();
    if (this.#at < this.#characters.length) this.#fail("')' closes nothing");
    return part;
  }

  #alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.reduceRight((rest, part) => alternative(part, rest));
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#characters.length && this.#peek() !== "|" && this.#peek() !== ")") {
      parts.push(this.#repeated(this.#atom()));
    }
    return (steps) => parts.forEach((part) => part(steps));
  }

  #atom(): Part {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return testing(this.#class());
      case ".":
        return testing((code) => code !== 10);
      case "^":
        return (steps) => push(steps, { kind: "start" });
      case "$":
        return (steps) => push(steps, { kind: "end" });
      case "\\":
        return testing(this.#escape());
      case "*":
      case "+":
      case "?":
        return this.#fail(`'${character}' repeats nothing`);
      default:
        return testing(is(character));
    }
  }

  #group(): Part {
    if (++this.#depth > MAX_DEPTH) this.#fail("its groups stand too deep in each other");
    if (this.#take("?") && !this.#take(":")) this.#fail("its groups may only begin with '(?:'");
    const part = this.#alternatives();
    if (!this.#take(")")) this.#fail("a group is not closed");
    this.#depth--;
    return part;
  }

  #repeated(part: Part): Part {
    const range = this.#range();
    if (range === undefined) return part;
    // Lazy or not, the same texts match as a whole.
    this.#take("?");
    const [min, max] = range;
    return (steps) => {
      const from = steps.length;
      for (let i = 0; i < min; i++) {
        part(steps);
        // Nothing, however often, is nothing.
        if (steps.length === from) return;
      }
      if (max === Infinity) return loop(part, steps);
      for (let i = min; i < max; i++) optional(part, steps);
    };
  }

  #range(): [min: number, max: number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const rest = this.#characters.slice(this.#at, this.#at + 12).join("");
    const match = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(rest);
    if (match === null) return undefined;
    this.#at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) {
      this.#fail(`'${match[0]}' is no range that it can repeat`);
    }
    return [min, max];
  }

  #class(): Test {
    const isNegated = this.#take("^");
    const tests: Test[] = [];
    do {
      const character = this.#next();
      if (character === "\\" && isClassEscape(this.#peek())) {
        tests.push(this.#escape());
        continue;
      }
      const low = codeOf(character === "\\" ? this.#escaped() : character);
      if (this.#peek() !== "-" || this.#characters[this.#at + 1] === "]") {
        tests.push((code) => code === low);
        continue;
      }
      this.#at++;
      const last = this.#next();
      const high = codeOf(last === "\\" ? this.#escaped() : last);
      if (high < low) this.#fail("a range in a class ends before it begins");
      tests.push((code) => code >= low && code <= high);
    } while (!this.#take("]"));
    return (code) => tests.some((test) => test(code)) !== isNegated;
  }

  #escape(): Test {
    const character = this.#peek() ?? "";
    const named = CLASSES[character.toLowerCase()];
    if (named === undefined) return is(this.#escaped());
    this.#at++;
    return character === character.toLowerCase() ? named : (code) => !named(code);
  }

  #escaped(): string {
    const character = this.#next();
    const meant = ESCAPES[character];
    if (meant === undefined && /[a-zA-Z0-9]/.test(character)) this.#fail(`'\\${character}' is not known`);
    return meant ?? character;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) return this.#fail("it ends too soon");
    this.#at++;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #fail(reason: string): never {
    throw new SyntaxError(
      `Cannot read the regular expression '${this.#characters.join("")}' at ${this.#at}: ${reason}`,
    );
  }
}

function isClassEscape(character: string | undefined): boolean {
  return character !== undefined && Object.hasOwn(CLASSES, character.toLowerCase());
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function is(character: string): Test {
  const wanted = codeOf(character);
  return (code) => code === wanted;
}
