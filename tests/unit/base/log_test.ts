import assert from "node:assert/strict";
import { configureLog, jsonLine, logger, logJson, logLine, type LogRecord } from "../../../src/base/log.ts";

/** What `write` logs from `level` up, as lines. */
function lines(level: "debug" | "warning", write: () => void, format = logLine): string[] {
  const records: LogRecord[] = [];
  configureLog({ level, sink: (record) => records.push(record) });
  write();
  return records.map((record) => format(record));
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

Deno.test("logJson() is one JSON object: time, level, room, message, fields", () => {
  const [line = ""] = lines("warning", () => {
    logger("broker").warning("Cut {sizeBytes} bytes off {file}", {
      sizeBytes: 3n,
      file: "0\n.log",
      isTorn: true,
    });
  }, logJson);
  const { time, ...rest } = JSON.parse(line);
  assert.equal(new Date(time).toISOString(), time);
  assert.deepEqual(rest, {
    level: "warning",
    room: "broker",
    message: "Cut 3n bytes off 0; .log",
    fields: { sizeBytes: "3n", file: "0\n.log", isTorn: true },
  });
  assert.doesNotMatch(line, /\n/);
});

Deno.test("jsonLine() has the fields of a log without a record", () => {
  assert.equal(
    jsonLine({ timeMs: 0, level: "info", room: "cli", message: "m" }),
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","room":"cli","message":"m","fields":{}}',
  );
});
