import assert from "node:assert/strict";
import fc from "fast-check";
import { FileStorage } from "../../../../src/broker/state/file_storage.ts";
import { PartitionLog } from "../../../../src/broker/state/partition_log.ts";
import { extentOf } from "../../../../src/broker/state/segment.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { parseTopicConfig } from "../../../../src/broker/state/topic_config.ts";
import { patchBaseOffset, readBatchHeader } from "../../../../src/wire/record_batch.ts";
import { NO_STATE } from "../../../support/log_states.ts";
import { batchOf, contentOf } from "../../../support/batches.ts";

/** What a test does with the log. */
type Step =
  | { readonly kind: "append"; readonly sizes: readonly number[] }
  | { readonly kind: "read"; readonly at: number; readonly maxBytes: number; readonly limit: number }
  | { readonly kind: "restart"; readonly tornBytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      sizes: fc.array(fc.nat(300), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      maxBytes: fc.integer({ min: 1, max: 3_000 }),
      limit: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), tornBytes: fc.nat(60) }) },
);

Deno.test("PartitionLog behaves as an array of batches, whatever the segments, the tail and the restarts", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 100, max: 2_000 }),
      fc.nat(2_000),
      (steps, segmentBytes, tailBytes) => {
        const folder = Deno.makeTempDirSync();
        try {
          run(folder, steps, segmentBytes, tailBytes);
        } finally {
          Deno.removeSync(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 150 },
  );
});

function run(folder: string, steps: readonly Step[], segmentBytes: number, tailBytes: number): void {
  const config = { ...parseTopicConfig(new Map(), {}), segmentBytes };
  /** The batches, each as its records. */
  const model: string[][] = [];
  let count = 0;
  let storage = new FileStorage(folder, 3);
  let log = open();

  function open(): PartitionLog {
    const opened = new PartitionLog(storage, "t/0", new TailPool(tailBytes, tailBytes));
    opened.open(0, NO_STATE);
    return opened;
  }

  for (const one of steps) {
    switch (one.kind) {
      case "append": {
        const values = one.sizes.map((size, i) => `${count + i}-`.padEnd(size, "x"));
        const batch = batchOf(values);
        patchBaseOffset(batch, 0, log.endOffset);
        log.append(batch, extentOf(readBatchHeader(batch)), config, 0);
        model.push(values.map((value, i) => `${count + i}:${value}`));
        count += values.length;
        break;
      }
      case "read": {
        const offset = Math.floor(one.at * count);
        const limit = BigInt(Math.ceil(one.limit * count));
        const bytes = log.read(BigInt(offset), limit, one.maxBytes, true);
        const first = model.findIndex((batch) => batch.some((record) => record.startsWith(`${offset}:`)));
        const below = model.slice(first).filter((batch) => BigInt(batch[0]?.split(":")[0] ?? "") < limit);
        const got = contentOf(bytes);
        if (first < 0 || BigInt(offset) >= limit) {
          assert.deepEqual(got, []);
        } else {
          // Whole batches from the right one on: at least one, and no more than fit.
          assert.deepEqual(got, below.flat().slice(0, got.length));
          assert.ok(got.length >= (below[0]?.length ?? 0));
          assert.ok(bytes.length <= one.maxBytes || got.length === below[0]?.length);
        }
        break;
      }
      case "restart": {
        log.close();
        const segments = storage.list("t/0").sort();
        const last = segments.at(-1);
        if (last !== undefined) storage.open(`t/0/${last}`).append(new Uint8Array(one.tornBytes).fill(7));
        storage[Symbol.dispose]();
        storage = new FileStorage(folder, 3);
        log = open();
        break;
      }
    }
    assert.equal(log.endOffset, BigInt(count));
  }
  log.close();
  storage[Symbol.dispose]();
}
