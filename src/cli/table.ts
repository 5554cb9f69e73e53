/**
 * Columns for a person.
 *
 * @module
 */

/** A number, with or without a bound. */
const FIGURE = /^(?:[≤≥] )?-?\d[\d,.]*$/;

/** Rows under their headings, each column as wide as its widest cell. Figures stand right, and headings above them. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => String(row[i]).length))
  );
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, i) => {
      const isNumber = FIGURE.test(String(rows[0]?.[i]));
      const width = widths[i] ?? 0;
      return isNumber ? String(cell).padStart(width) : String(cell).padEnd(width);
    }).join("  ").trimEnd();
  return [headings, ...rows].map((row) => `${line(row)}\n`).join("");
}
