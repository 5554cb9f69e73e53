import assert from "node:assert/strict";
import fc from "fast-check";
import { ProducerStates, type SequencedBatch } from "../../../../src/broker/state/producer_states.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";

const MAX_SEQUENCE = 2 ** 31 - 1;

function options(max: number) {
  return { max, expirationMs: 1_000 };
}

function batch(baseSequence: number, options: Partial<SequencedBatch> = {}): SequencedBatch {
  return { producerId: 1n, producerEpoch: 0, baseSequence, recordsCount: 1, attributes: 0, ...options };
}

/** Takes a batch as a partition does. */
function take(states: ProducerStates, one: SequencedBatch, baseOffset = BigInt(one.baseSequence)): string {
  const check = states.check(one, 0);
  if (check.kind === "new") states.remember(one, baseOffset, 0n, 0);
  return check.kind === "refused" ? `refused ${check.errorCode}` : check.kind;
}

const OUT_OF_ORDER = `refused ${ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER}`;
const OLD_EPOCH = `refused ${ErrorCode.INVALID_PRODUCER_EPOCH}`;

Deno.test("ProducerStates.check() takes sequences without a gap, and refuses one with", () => {
  const states = new ProducerStates(options(10));
  assert.equal(take(states, batch(0, { recordsCount: 3 })), "new");
  assert.equal(take(states, batch(3)), "new");
  assert.equal(take(states, batch(5)), OUT_OF_ORDER);
  assert.equal(take(states, batch(4)), "new");
});

Deno.test("ProducerStates.check() knows the last five batches again, by their first offset", () => {
  const states = new ProducerStates(options(10));
  for (let sequence = 0; sequence < 6; sequence++) take(states, batch(sequence), BigInt(100 + sequence));
  assert.equal(take(states, batch(0)), OUT_OF_ORDER);
  for (let sequence = 1; sequence < 6; sequence++) {
    assert.deepEqual(states.check(batch(sequence), 0), {
      kind: "duplicate",
      baseOffset: BigInt(100 + sequence),
      timestamp: 0n,
    });
  }
  // The same start with another length is not the same batch.
  assert.equal(take(states, batch(5, { recordsCount: 2 })), OUT_OF_ORDER);
});

Deno.test("ProducerStates.check() begins anew with a new epoch, and refuses the old one", () => {
  const states = new ProducerStates(options(10));
  take(states, batch(0));
  assert.equal(take(states, batch(1, { producerEpoch: 1 })), OUT_OF_ORDER);
  assert.equal(take(states, batch(0, { producerEpoch: 1 })), "new");
  assert.equal(take(states, batch(1)), OLD_EPOCH);
});

Deno.test("ProducerStates.check() goes from the last sequence to 0", () => {
  const states = new ProducerStates(options(10));
  assert.equal(take(states, batch(MAX_SEQUENCE - 1, { recordsCount: 4 })), "new");
  assert.equal(take(states, batch(MAX_SEQUENCE - 1, { recordsCount: 4 })), "duplicate");
  assert.equal(take(states, batch(1)), OUT_OF_ORDER);
  assert.equal(take(states, batch(2)), "new");
});

Deno.test("ProducerStates.check() lets a producer that it does not know begin anywhere", () => {
  assert.equal(take(new ProducerStates(options(10)), batch(77)), "new");
});

Deno.test("ProducerStates.remember() forgets the producer that was silent for longest", () => {
  const states = new ProducerStates(options(2));
  take(states, batch(0));
  take(states, batch(0, { producerId: 2n }));
  take(states, batch(1));
  take(states, batch(0, { producerId: 3n }));
  assert.equal(states.size, 2);
  assert.equal(take(states, batch(1)), "duplicate");
  assert.equal(take(states, batch(9, { producerId: 2n })), "new");
});

Deno.test("ProducerStates never takes a record twice, however its batches are repeated", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }), repeat: fc.nat(4) }), { maxLength: 30 }),
      (steps) => {
        const states = new ProducerStates(options(10));
        const sent: SequencedBatch[] = [];
        let sequence = MAX_SEQUENCE - 20;
        let taken = 0;
        for (const { count, repeat } of steps) {
          const next = batch(sequence, { recordsCount: count });
          sent.push(next);
          sequence = (sequence + count) % (MAX_SEQUENCE + 1);
          assert.equal(take(states, next), "new");
          taken += count;
          // One of the last five, once more.
          const again = sent.at(-1 - repeat);
          if (again !== undefined) assert.equal(take(states, again), "duplicate");
        }
        assert.equal(taken, sent.reduce((sum, { recordsCount }) => sum + recordsCount, 0));
      },
    ),
  );
});

const TRANSACTIONAL = { attributes: 0x10 };

Deno.test("ProducerStates.check() refuses what is not transactional while a transaction is under way", () => {
  const states = new ProducerStates(options(10));
  assert.equal(take(states, batch(0, TRANSACTIONAL)), "new");
  assert.equal(take(states, batch(1)), `refused ${ErrorCode.INVALID_TXN_STATE}`);
  states.end(batch(0), { isCommit: true, coordinatorEpoch: 0 }, 0n, 0);
  assert.equal(take(states, batch(1)), "new");
});

Deno.test("ProducerStates.check() lets nobody begin in the middle whose epochs are each of one transaction", () => {
  const states = new ProducerStates(options(10));
  const first = batch(3, TRANSACTIONAL);
  const refused = { kind: "refused", errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER };
  assert.deepEqual(states.check(first, 0, true), refused);
  assert.deepEqual(states.check(first, 0, false), { kind: "new" });
  // After a marker with the next epoch, too.
  assert.equal(take(states, batch(0, TRANSACTIONAL)), "new");
  states.end(batch(0, { producerEpoch: 1 }), { isCommit: false, coordinatorEpoch: 0 }, 0n, 0);
  assert.equal(take(states, batch(1, TRANSACTIONAL)), OLD_EPOCH);
  assert.deepEqual(states.check(batch(1, { ...TRANSACTIONAL, producerEpoch: 1 }), 0, true), refused);
  assert.equal(take(states, batch(0, { ...TRANSACTIONAL, producerEpoch: 1 })), "new");
});

Deno.test("ProducerStates forgets a producer that sent nothing for so long, but not in a transaction", () => {
  const states = new ProducerStates(options(10));
  take(states, batch(0));
  take(states, batch(0, { ...TRANSACTIONAL, producerId: 2n }));
  assert.equal(states.check(batch(0), 999).kind, "duplicate");
  assert.deepEqual(states.active(1_000).map(({ producerId }) => producerId), [2n]);
  assert.deepEqual(states.check(batch(7), 1_000), { kind: "new" });
});
