import assert from "node:assert/strict";
import { Outage } from "../../../src/demos/chat/outage.ts";
import { until } from "../../support/kafka_settings.ts";

Deno.test("Outage.down() tells nothing of an outage that is over in a moment", () => {
  const told: string[] = [];
  using outage = new Outage((message) => told.push(message), 60_000);
  outage.down("gone");
  // Were its timer still there, the test would fail for it.
  outage.up();
  outage.down("gone");
  assert.deepEqual(told, []);
});

Deno.test("Outage.down() tells of a longer one once, and Outage.up() of its end", async () => {
  const told: string[] = [];
  using outage = new Outage((message) => told.push(message), 1);
  outage.down("gone");
  await until(() => told.length > 0);
  outage.down("gone");
  outage.up();
  outage.up();
  assert.deepEqual(told, ["gone; it is tried again until it works", "Kafka is back"]);
  outage.down("gone again");
  await until(() => told.length === 3);
});
