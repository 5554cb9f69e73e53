import assert from "node:assert/strict";
import { jsonLine, Lines, msText, outcomeJson } from "../../../src/demos/chat/lines.ts";

const lines = new Lines("tony", false);
const message = { id: "1", from: "jarvis", text: "two\nlines \x1b[2J", partition: 0, offset: 5n };

Deno.test("Lines.outcome() shows a reply with its time, later lines under the first, and nothing that steers", () => {
  assert.equal(
    lines.outcome({ ...message, ok: true, rttMs: 1.234 }),
    "jarvis: two\n        lines \\x1b[2J  1.23 ms",
  );
  assert.equal(
    lines.outcome({ id: "1", from: "jarvis", ok: false, error: "no\x07 answer" }),
    "! no\\x07 answer",
  );
});

Deno.test("Lines.prompt() says whom the next line answers", () => {
  assert.equal(lines.prompt(undefined), "tony> ");
  assert.equal(lines.prompt("jarvis\x1b"), "tony → jarvis\\x1b> ");
});

Deno.test("Lines colours only where it is told to", () => {
  assert.doesNotMatch(lines.said("jarvis", "hello"), /\p{Cc}/u);
  assert.match(new Lines("tony", true).said("jarvis", "hello"), /\p{Cc}\[35m/u);
});

Deno.test("outcomeJson() has every field, and an error where there is one", () => {
  assert.equal(
    outcomeJson("tony", { ...message, ok: true, rttMs: 1.23456 }),
    '{"id":"1","from":"jarvis","to":"tony","text":"two\\nlines \\u001b[2J","partition":0,"offset":"5","rttMs":1.235}',
  );
  assert.equal(
    outcomeJson("tony", { id: "1", from: "jarvis", ok: false, error: "late" }),
    '{"id":"1","from":"jarvis","to":"tony","text":null,"partition":null,"offset":null,"rttMs":null,"error":"late"}',
  );
});

Deno.test("jsonLine() escapes what JSON leaves and a terminal obeys", () => {
  const line = jsonLine({ id: "1", from: "a", to: "b", text: "\x9b2J\u202e" });
  assert.match(line, /\\u009b2J\\u202e/);
  assert.equal(JSON.parse(line).text, "\x9b2J\u202e");
});

Deno.test("msText() keeps to the digits that matter", () => {
  assert.deepEqual([undefined, 0.456, 12.3, 1234, 12_345].map(msText), [
    "–",
    "0.46 ms",
    "12 ms",
    "1234 ms",
    "12.3 s",
  ]);
});

Deno.test("Lines.members() shows nothing that steers a terminal, whatever a client calls itself", () => {
  const text = new Lines("tony", false).members([{ name: "jarvis", clientId: "\x1b[2J", host: "/10.0.0.7" }]);
  assert.match(text, /jarvis {7}\\x1b\[2J at 10\.0\.0\.7$/);
});
