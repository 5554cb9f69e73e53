/**
 * The log: LogTape, one category a room. Libraries ask for a logger; only a composition root (src/cli, a worker's
 * entry) says where the lines go. Until one does, nothing is written.
 *
 * @module
 */
import { configureSync, getLogger, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";

export type { Logger, LogLevel, LogRecord };

/** How a line of the log looks: for people, or one JSON object. */
export type LogFormat = "text" | "json";

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
  return `${record.level} ${roomOf(record)}: ${textOf(record)}`;
}

/** A record as one JSON object: `time`, `level`, `room`, `message`, `fields`. */
export function logJson(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => {
    return [name, typeof value === "number" || typeof value === "boolean" ? value : plainText(value)];
  });
  return jsonLine({
    timeMs: record.timestamp,
    level: record.level,
    room: roomOf(record),
    message: textOf(record),
    fields: Object.fromEntries(fields),
  });
}

/** What a line of a log in JSON says. */
export interface JsonLine {
  /** Epoch milliseconds. @default now */
  readonly timeMs?: number;
  readonly level: LogLevel;
  readonly room: string;
  readonly message: string;
  /** @default none */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One line of a log in JSON, without its end. */
export function jsonLine({ timeMs = Date.now(), level, room, message, fields = {} }: JsonLine): string {
  return JSON.stringify({ time: new Date(timeMs).toISOString(), level, room, message, fields });
}

/** A record in the format that is wanted. */
export function formattedLog(record: LogRecord, format: LogFormat): string {
  return format === "json" ? logJson(record) : logLine(record);
}

function roomOf(record: LogRecord): string {
  return record.category.slice(1).join(".");
}

function textOf(record: LogRecord): string {
  return record.message.map(plainText).join("").replace(/\s*\n\s*/g, "; ");
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value : Deno.inspect(value);
}
