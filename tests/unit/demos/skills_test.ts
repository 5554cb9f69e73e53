import assert from "node:assert/strict";
import { type Order, readOrder } from "../../../src/demos/chat/brains/skills.ts";

const CASES: [string, Order][] = [
  ["help", { skill: "help" }],
  ["time", { skill: "time" }],
  ["What time is it?", { skill: "time" }],
  ["jarvis, what's the time?", { skill: "time" }],
  ["Status, please.", { skill: "status" }],
  ["topics", { skill: "topics" }],
  ["list the topics", { skill: "topics" }],
  ["what do you remember?", { skill: "everything" }],
  ["remember the armour is red and gold", { skill: "remember", what: "the armour", value: "red and gold" }],
  ["Remember that My  Suit is in 5A.", { skill: "remember", what: "my suit", value: "in 5A" }],
  ["what is my suit?", { skill: "recall", what: "my suit" }],
  ["who's pepper", { skill: "recall", what: "pepper" }],
  ["forget the armour", { skill: "forget", what: "the armour" }],
  ["remind me in 10s to breathe", { skill: "remind", inMs: 10_000, text: "breathe" }],
  ["remind me in 1 hour and 30 minutes that tea is ready", {
    skill: "remind",
    inMs: 5_400_000,
    text: "tea is ready",
  }],
  ["remind me in a moment to breathe", { skill: "talk", said: "remind me in a moment to breathe" }],
  ["Jarvis, are you up?", { skill: "talk", said: "are you up?" }],
  ["timeless", { skill: "talk", said: "timeless" }],
  ["", { skill: "talk", said: "" }],
];

for (const [line, order] of CASES) {
  Deno.test(`readOrder() reads '${line}' as ${order.skill}`, () => assert.deepEqual(readOrder(line), order));
}
