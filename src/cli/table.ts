/**
 * Columns for a person.
 *
 * @module
 */

/** Rows under their headings, each column as wide as its widest cell. Numbers stand right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => String(row[i]).length))
  );
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, i) => {
      const isNumber = /^-?\d+$/.test(String(cell));
      const width = widths[i] ?? 0;
      return isNumber ? String(cell).padStart(width) : String(cell).padEnd(width);
    }).join("  ").trimEnd();
  return [headings, ...rows].map((row) => `${line(row)}\n`).join("");
}
