/**
 * Breaks a line that is being typed into the rows of a terminal.
 *
 * Terminals do not agree on how many cells an emoji takes that is made of several characters. Counted is the most that
 * any takes: no row is ever wider than it was meant to be, and so the terminal breaks none by itself.
 *
 * @module
 */

/** What colours text: it takes no cell. */
const STYLE = /(\p{Cc}\[[\d;]*m)/u;
/** Characters of two cells, wherever they are drawn. */
const WIDE =
  /[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Regional_Indicator}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\p{sc=Tangut}\p{sc=Nushu}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
/** Characters that are drawn upon the one before. U+FE0F is not among them, as it may make that a wide one. */
const ZERO = /(?!\ufe0f)[\p{Mn}\p{Me}\p{Cf}]/u;

const clusters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * The rows of `text`, all of it in them. Where the last one is full, an empty one follows: there the next character goes.
 */
export function rowsOf(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = "";
  let used = 0;
  const put = (piece: string, cells: number) => {
    if (used + cells > columns && used > 0) {
      rows.push(row);
      row = "";
      used = 0;
    }
    row += piece;
    used += cells;
  };
  for (const [i, part] of text.split(STYLE).entries()) {
    if (i % 2 === 1) {
      put(part, 0);
      continue;
    }
    for (const { segment } of clusters.segment(part)) {
      const cells = cellsOf(segment);
      if (cells <= columns) put(segment, cells);
      else for (const character of segment) put(character, cellsOf(character));
    }
  }
  rows.push(row);
  if (used >= columns) rows.push("");
  return rows;
}

/** The most cells that a terminal takes for `text`. */
function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return cells;
}
