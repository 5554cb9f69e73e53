import assert from "node:assert/strict";
import { PartitionWaiters } from "../../../../src/broker/state/partition_waiters.ts";

Deno.test("PartitionWaiters.wake() tells all that wait, also those that stop waiting when told", () => {
  const waiters = new PartitionWaiters();
  const told: number[] = [];
  for (const id of [1, 2, 3]) {
    const waiter = {
      onReadable: (bytes: number) => {
        told.push(id * bytes);
        waiters.remove(waiter);
      },
    };
    waiters.add(waiter);
  }
  waiters.wake(10);
  waiters.wake(10);
  assert.deepEqual(told, [30, 20, 10]);
});
