/**
 * What others wrote, made safe to show: a terminal takes orders from the text it prints, and they are not to come
 * from the other side of a conversation.
 *
 * @module
 */

/** Control characters but for tab and line feed, the other line breaks, and what turns the direction of text. */
const UNSAFE = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** `text` with every character that steers a terminal shown as its escape: ESC becomes `\x1b`. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
