/**
 * What `deno run` is told when the task `parley` runs the program: tests and benchmarks run it with the same.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** The flags of a task, in their order. */
export function flagsOf(task: keyof typeof config.tasks): string[] {
  return config.tasks[task].split(" ").filter((word) => word.startsWith("--"));
}

/** All flags of the program: those of `run`, which the tasks share, and what `parley` adds. */
export const PARLEY_FLAGS: readonly string[] = [...flagsOf("run"), ...flagsOf("parley")];
