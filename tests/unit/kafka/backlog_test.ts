import assert from "node:assert/strict";
import fc from "fast-check";
import { Backlog } from "../../../src/kafka/backlog.ts";

const MAX_BYTES = 100;

Deno.test("Backlog lets records in in their order, never more than fit, and is empty when all have ended", async () => {
  const steps = fc.array(fc.oneof(
    fc.record({ type: fc.constant("enter" as const), bytes: fc.integer({ min: 1, max: 150 }) }),
    fc.record({ type: fc.constant("leave" as const) }),
  ));
  await fc.assert(fc.asyncProperty(steps, async (steps) => {
    const backlog = new Backlog(MAX_BYTES);
    const inside: { id: number; bytes: number }[] = [];
    let entered = 0;
    let came = 0;
    const comeIn = (id: number, bytes: number) => {
      assert.equal(id, entered++);
      const before = inside.reduce((sum, record) => sum + record.bytes, 0);
      assert.ok(before === 0 || before + bytes <= MAX_BYTES);
      inside.push({ id, bytes });
    };
    const leave = () => {
      const record = inside.shift();
      if (record !== undefined) backlog.leave(1, record.bytes);
    };
    for (const step of steps) {
      if (step.type === "leave") leave();
      else {
        const id = came++;
        if (backlog.enter("t", step.bytes)) comeIn(id, step.bytes);
        else backlog.wait(step.bytes, () => comeIn(id, step.bytes));
      }
    }
    const empty = backlog.empty();
    while (inside.length > 0) leave();
    await empty;
    assert.equal(entered, came);
  }));
});
