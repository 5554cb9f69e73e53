import assert from "node:assert/strict";
import {
  brain,
  collect,
  count,
  durationMs,
  header,
  participantName,
  topicName,
} from "../../../src/cli/options.ts";

Deno.test("durationMs() takes spans from a millisecond up to what a timer can wait", () => {
  assert.equal(durationMs("30s"), 30_000);
  for (const text of ["", "0s", "30", "soon", "-1s", "25 days"]) {
    assert.throws(() => durationMs(text), {
      message: `'${text}' is not a span of time such as 500ms, 30s or 2m.`,
    });
  }
});

Deno.test("count() takes whole numbers from 1 up", () => {
  assert.equal(count("12"), 12);
  for (const text of ["", "0", "-1", "1.5", "1e3", "99999999999999999999"]) {
    assert.throws(() => count(text), { message: `'${text}' is not a whole number from 1 up.` }, text);
  }
});

Deno.test("header() gathers, and splits at the first sign of equality", () => {
  assert.deepEqual(header("b=x=y", header("a=")), { a: "", b: "x=y" });
  for (const text of ["", "a", "=b"]) {
    assert.throws(() => header(text), { message: `'${text}' is not KEY=VALUE.` });
  }
});

Deno.test("collect() gathers in order", () => {
  assert.deepEqual(collect("b", collect("a")), ["a", "b"]);
});

Deno.test("participantName() refuses what could not be part of a topic's name", () => {
  assert.equal(participantName("Tony_1-a"), "Tony_1-a");
  for (const text of ["", "a b", "a.b", "ü", "a/b", "x".repeat(101)]) {
    assert.throws(() => participantName(text), /is not a name|is too long/, text);
  }
});

Deno.test("topicName() follows Kafka's rule", () => {
  assert.equal(topicName("a.b_c-1"), "a.b_c-1");
  for (const text of ["", ".", "..", "a b", "ü", "x".repeat(250)]) {
    assert.throws(() => topicName(text), /is not a topic's name/, text);
  }
});

Deno.test("brain() says which brains there are", () => {
  assert.deepEqual(brain("echo"), { kind: "echo" });
  assert.throws(() => brain("robot"), /'robot' is none of human, butler, echo, exec:CMD, http:URL\.$/);
});
