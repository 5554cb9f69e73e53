/**
 * bench/results.json: a section for each benchmark, replaced when it is run again; and the marks that the measured
 * ratios are held against.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { table } from "../src/cli/table.ts";

const FILE = fileURLToPath(new URL("./results.json", import.meta.url));

/** A measured value and what it is to be. Ratios are of figures of the same run. */
export interface Mark {
  readonly what: string;
  readonly measured: number;
  readonly mark: { readonly atMost: number } | { readonly atLeast: number };
  readonly met: boolean;
}

export function atMost(what: string, measured: number, mark: number): Mark {
  return { what, measured: rounded(measured), mark: { atMost: mark }, met: measured <= mark };
}

export function atLeast(what: string, measured: number, mark: number): Mark {
  return { what, measured: rounded(measured), mark: { atLeast: mark }, met: measured >= mark };
}

/** Three significant digits: more is noise. Whole numbers stay whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

/** Every number within, rounded. */
export function roundedAll<T extends Record<string, number>>(values: T): T {
  const pairs = Object.entries(values).map(([key, value]) => [key, rounded(value)]);
  return Object.fromEntries(pairs);
}

/** Replaces one section of the file, and shows the marks. */
export async function report(
  section: string,
  data: Record<string, unknown>,
  marks: readonly Mark[],
): Promise<void> {
  const results = await readResults();
  const machine = { cpus: navigator.hardwareConcurrency, os: Deno.build.os, deno: Deno.version.deno };
  results[section] = { machine, ...data, marks };
  await Deno.writeTextFile(FILE, JSON.stringify(results, undefined, 2) + "\n");
  if (marks.length === 0) return;
  const rows = marks.map(({ what, measured, mark, met }) => {
    const bound = "atMost" in mark ? `≤ ${mark.atMost}` : `≥ ${mark.atLeast}`;
    return [what, String(measured), bound, met ? "met" : "missed"];
  });
  showTable(["to reach", "measured", "mark", ""], rows);
}

/** A table on stdout. */
export function showTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(table(head, rows));
}

async function readResults(): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await Deno.readTextFile(FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
