import assert from "node:assert/strict";
import { OwnedPartitions } from "../../../src/kafka/owned_partitions.ts";
import { ConsumedRecord } from "../../../src/kafka/record.ts";

const record = (offset: bigint, partition = 0) =>
  new ConsumedRecord("t", partition, offset, 0, null, null, new Uint8Array(1), 0, 1);
const point = (offset: bigint, partition = 0, isCommitted = true) => ({
  topic: "t",
  partition,
  offset,
  isCommitted,
});

/** Reads records, as a fetcher does. */
function read(owned: OwnedPartitions, records: readonly ConsumedRecord[]): void {
  owned.begin(records);
  for (const { partition, offset } of records) {
    const reading = owned.reading.find((of) => of.partition === partition);
    if (reading !== undefined) reading.offset = offset + 1n;
  }
}

Deno.test("OwnedPartitions.uncommitted() tells offsets before which all is finished, once", () => {
  const owned = new OwnedPartitions();
  owned.replace([point(5n), point(0n, 1, false)]);
  const records = [record(5n), record(6n), record(0n, 1)];
  read(owned, records);
  assert.deepEqual(owned.uncommitted(), [{ topic: "t", partition: 1, offset: 0n }]);
  for (const { partition, offset } of records) owned.finish(record(offset, partition));
  const offsets = owned.uncommitted();
  assert.deepEqual(offsets.map(({ offset }) => offset), [7n, 1n]);
  owned.committed(offsets);
  assert.deepEqual(owned.uncommitted(), []);
});

Deno.test("OwnedPartitions.giveBack() begins again with what nobody has taken", () => {
  const owned = new OwnedPartitions();
  owned.replace([point(0n), point(0n, 1)]);
  const records = [record(0n), record(0n, 1), record(1n), record(1n, 1)];
  read(owned, records);
  owned.finish(record(0n));
  owned.giveBack(records.slice(1));
  assert.deepEqual(owned.reading.map(({ offset }) => offset), [1n, 0n]);
  assert.deepEqual(owned.uncommitted(), [{ topic: "t", partition: 0, offset: 1n }]);
});

Deno.test("OwnedPartitions.replace() goes on where it was, unless another member was further", () => {
  const owned = new OwnedPartitions();
  owned.replace([point(0n), point(0n, 1), point(0n, 2)]);
  read(owned, [record(0n), record(1n), record(0n, 1), record(0n, 2)]);
  owned.replace([point(0n), point(9n, 1)]);
  assert.deepEqual([...owned.assignment], [["t", [0, 1]]]);
  assert.deepEqual(owned.reading.map(({ offset }) => offset), [2n, 9n]);
  // What is unfinished of the one it kept holds its offset back; of the other one nothing does.
  assert.deepEqual(owned.uncommitted(), []);
  owned.finish(record(0n));
  assert.deepEqual(owned.uncommitted(), [{ topic: "t", partition: 0, offset: 1n }]);
});
