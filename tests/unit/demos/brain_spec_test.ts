import assert from "node:assert/strict";
import { type BrainSpec, brainText, defaultBrain, parseBrain } from "../../../src/demos/chat/brains/spec.ts";

Deno.test("parseBrain() reads every spelling, and brainText() writes it again", () => {
  const cases: [string, BrainSpec][] = [
    ["human", { kind: "human" }],
    ["butler", { kind: "butler" }],
    ["echo", { kind: "echo" }],
    ["exec:tr a-z A-Z", { kind: "exec", command: "tr a-z A-Z" }],
    ["http:http://127.0.0.1:8080/answer", { kind: "http", url: "http://127.0.0.1:8080/answer" }],
    ["http:https://example.com", { kind: "http", url: "https://example.com" }],
  ];
  for (const [text, brain] of cases) {
    assert.deepEqual(parseBrain(text), brain);
    assert.equal(brainText(brain), text);
  }
  assert.deepEqual(parseBrain("https://example.com"), { kind: "http", url: "https://example.com" });
});

Deno.test("parseBrain() refuses what is no brain", () => {
  for (const text of ["", "robot", "exec:", "exec:  ", "http:", "http:example", "http://", "HUMAN"]) {
    assert.throws(() => parseBrain(text), /Cannot choose a brain: '.*' is none of human/, text);
  }
});

Deno.test("defaultBrain() makes Jarvis a butler and everybody else a person", () => {
  assert.deepEqual(defaultBrain("jarvis"), { kind: "butler" });
  assert.deepEqual(defaultBrain("pepper"), { kind: "human" });
});
