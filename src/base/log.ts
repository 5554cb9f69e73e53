/**
 * The log: LogTape, one category a room. Libraries ask for a logger; only a composition root (src/cli, a worker's
 * entry) says where the lines go. Until one does, nothing is written.
 *
 * @module
 */
import { configureSync, getLogger, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";

export type { Logger, LogLevel, LogRecord };

/** The logger of a room, such as `logger("broker")`. */
export function logger(room: string): Logger {
  return getLogger(["parley", room]);
}

/** Sends the log of this thread, from `level` up, to `sink`. May be called again. */
export function configureLog(options: { level: LogLevel; sink: (record: LogRecord) => void }): void {
  configureSync({
    reset: true,
    sinks: { out: options.sink },
    loggers: [
      { category: ["parley"], lowestLevel: options.level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
}

/** A record as one line of text, without its time: `warning broker: …`. */
export function logLine(record: LogRecord): string {
  const text = record.message.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join("");
  return `${record.level} ${record.category.slice(1).join(".")}: ${text.replace(/\s*\n\s*/g, "; ")}`;
}
