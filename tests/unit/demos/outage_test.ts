import assert from "node:assert/strict";
import { Outage } from "../../../src/demos/chat/outage.ts";

Deno.test("Outage.down() tells nothing of an outage that is over in a moment", () => {
  const told: string[] = [];
  let nowMs = 0;
  const outage = new Outage((message) => told.push(message), () => nowMs);
  outage.down("gone");
  nowMs = 2_000;
  outage.down("gone");
  outage.up();
  nowMs = 4_000;
  outage.down("gone");
  assert.deepEqual(told, []);
});

Deno.test("Outage.down() tells of a longer one once, and Outage.up() of its end", () => {
  const told: string[] = [];
  let nowMs = 0;
  const outage = new Outage((message) => told.push(message), () => nowMs);
  for (nowMs = 0; nowMs < 20_000; nowMs += 1_000) outage.down("gone");
  outage.up();
  outage.up();
  assert.deepEqual(told, ["gone; it is tried again until it works", "Kafka is back"]);
});
