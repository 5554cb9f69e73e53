import assert from "node:assert/strict";
import { configureLog, logger, logLine, type LogRecord } from "../../../src/base/log.ts";

/** What `write` logs from `level` up, as lines. */
function lines(level: "debug" | "warning", write: () => void): string[] {
  const records: LogRecord[] = [];
  configureLog({ level, sink: (record) => records.push(record) });
  write();
  return records.map(logLine);
}

Deno.test("logger() writes what its level lets through, under its room", () => {
  const written = lines("warning", () => {
    logger("broker").info("not this");
    logger("broker").warning("Cut {sizeBytes} bytes off {file}", { sizeBytes: 3, file: "0.log" });
  });
  assert.deepEqual(written, ["warning broker: Cut 3 bytes off 0.log"]);
});

Deno.test("configureLog() may be called again", () => {
  assert.deepEqual(lines("warning", () => logger("kafka").debug("hidden")), []);
  assert.deepEqual(lines("debug", () => logger("kafka").debug("shown")), ["debug kafka: shown"]);
});

Deno.test("logLine() is one line", () => {
  assert.deepEqual(lines("debug", () => logger("kafka").error("first\n second")), [
    "error kafka: first; second",
  ]);
});
