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

/** The environment that a task sets. */
export function envOf(task: keyof typeof config.tasks): Record<string, string> {
  const words = config.tasks[task].split(" ");
  const settings = words.slice(0, words.indexOf("deno")).map((word) => word.split("=", 2));
  return Object.fromEntries(settings);
}

/** All flags of the program: those of `run`, which the tasks share, and what `parley` adds. */
export const PARLEY_FLAGS: readonly string[] = [...flagsOf("run"), ...flagsOf("parley")];
