import assert from "node:assert/strict";
import { startBroker } from "../../../src/testing.ts";

Deno.test("countsOf() tells of the largest topics by name, and of all others as one", async () => {
  const names = Array.from({ length: 130 }, (_, i) => `t${i}`);
  await using broker = await startBroker({ topics: names.map((name) => ({ name })) });
  const { topics, topicsCount, partitionsCount } = broker.counts();
  assert.equal(topics.length, 101);
  assert.deepEqual(topics.at(-1), { topic: undefined, partitionsCount: 30, sizeBytes: 0 });
  assert.deepEqual([topicsCount, partitionsCount], [130, 130]);
});
