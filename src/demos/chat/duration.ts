/**
 * Spans of time as people write them.
 *
 * @module
 */

const UNITS_MS = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** What may be written for each unit. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|millis(econds?)?|milliseconds?)$/, "ms"],
  [/^(s|secs?|seconds?)$/, "s"],
  [/^(m|mins?|minutes?)$/, "m"],
  [/^(h|hrs?|hours?)$/, "h"],
  [/^(d|days?)$/, "d"],
];

/** `10s`, `1.5 minutes`, `1h 30m`, in milliseconds; undefined if it is no span. */
export function parseDurationMs(text: string): number | undefined {
  const parts = [...text.trim().toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*(?:,|and)?\s*/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join("") !== text.trim().toLowerCase()) {
    return undefined;
  }
  let totalMs = 0;
  for (const [, amount, word = ""] of parts) {
    const unit = SPELLINGS.find(([spelling]) => spelling.test(word))?.[1];
    const unitMs = unit === undefined ? undefined : UNITS_MS.get(unit);
    if (unitMs === undefined) return undefined;
    totalMs += Number(amount) * unitMs;
  }
  return Math.round(totalMs);
}

/** A span in words a person would use: `850 ms`, `10 seconds`, `1 hour 30 minutes`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  let seconds = Math.round(ms / 1_000);
  const parts: string[] = [];
  for (const [name, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.slice(0, 2).join(" ");
}
