import assert from "node:assert/strict";
import { Rounds } from "../../../../src/broker/state/log_rounds.ts";

Deno.test("Rounds.run() has those who ask while a round is under way wait for the next one, together", async () => {
  const ends: PromiseWithResolvers<void>[] = [];
  const rounds = new Rounds(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  const first = rounds.run();
  const others = [rounds.run(), rounds.run()];
  assert.equal(ends.length, 1);
  ends[0]?.reject(new Error("full"));
  await assert.rejects(first, /full/);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(ends.length, 2, "a round that fails does not end those behind it");
  ends[1]?.resolve();
  await Promise.all(others);
  const third = rounds.run();
  ends[2]?.resolve();
  await third;
  assert.equal(ends.length, 3);
});
