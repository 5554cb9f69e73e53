/**
 * A log that nobody may be reading: it takes no more memory then.
 *
 * @module
 */
import type { Output } from "./io.ts";

const MAX_UNREAD_LINES = 10_000;

/**
 * Writes lines without their ends. Those that find 10,000 unread ones before them are left out, and their number is
 * told in a line that `toLine` makes, as soon as something has been read.
 */
export function boundedLog(output: Output, toLine: (text: string) => string): (line: string) => void {
  let unread = 0;
  let leftOut = 0;
  const log = async (line: string) => {
    if (unread >= MAX_UNREAD_LINES) {
      leftOut++;
      return;
    }
    unread++;
    await output.write(`${line}\n`);
    unread--;
    if (leftOut === 0) return;
    const count = leftOut;
    leftOut = 0;
    log(toLine(`${count} lines of the log were left out, as nobody read them in time`));
  };
  return (line) => void log(line);
}
