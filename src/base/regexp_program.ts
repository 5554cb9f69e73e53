/**
 * What a regular expression is made into: steps, each of which takes a character or says where to go on without one.
 *
 * @module
 */

/** The most steps that an expression may have, with its repetitions written out. */
const MAX_STEPS = 2_000;

/** Whether a character is meant, by its code point. */
export type Test = (code: number) => boolean;

/** A step of a program. Those that take no character name the steps from which it goes on. */
export type Step =
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "fork"; readonly first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "start" | "end" };

/** What a part of an expression adds to the program. */
export type Part = (steps: Step[]) => void;

/** A character for which `test` holds. */
export function testing(test: Test): Part {
  return (steps) => push(steps, { kind: "test", test });
}

/** One or the other. */
export function alternative(part: Part, rest: Part): Part {
  return (steps) => {
    const fork = pushFork(steps);
    part(steps);
    const jump = { kind: "jump" as const, to: 0 };
    push(steps, jump);
    fork.second = steps.length;
    rest(steps);
    jump.to = steps.length;
  };
}

/** Once or not at all. */
export function optional(part: Part, steps: Step[]): void {
  const fork = pushFork(steps);
  part(steps);
  fork.second = steps.length;
}

/** As often as wanted. */
export function loop(part: Part, steps: Step[]): void {
  const from = steps.length;
  const fork = pushFork(steps);
  part(steps);
  push(steps, { kind: "jump", to: from });
  fork.second = steps.length;
}

/** A fork whose first way is the step behind it. */
function pushFork(steps: Step[]): { second: number } {
  const fork = { kind: "fork" as const, first: steps.length + 1, second: 0 };
  push(steps, fork);
  return fork;
}

/** Adds a step. @throws {SyntaxError} if there are too many */
export function push(steps: Step[], step: Step): void {
  if (steps.length === MAX_STEPS) {
    throw new SyntaxError(`Cannot read a regular expression of more than ${MAX_STEPS} steps`);
  }
  steps.push(step);
}
