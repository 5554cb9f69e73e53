import assert from "node:assert/strict";
import fc from "fast-check";
import { AnswerQueue } from "../../../src/broker/answer_queue.ts";
import type { BodyWriter } from "../../../src/broker/api.ts";
import { Later } from "../../../src/broker/state/later.ts";
import { Reader } from "../../../src/wire/reader.ts";

/** Bytes of a frame that holds a number: size, correlation id, the number. */
const FRAME_BYTES = 12;

/** A queue, and what has come out of it. */
function queue() {
  const sent: Uint8Array[] = [];
  const faults: unknown[] = [];
  let answeredCount = 0;
  const answers = new AnswerQueue({
    outlet: { send: (bytes) => void sent.push(bytes.slice()) },
    onAnswered: () => void answeredCount++,
    onFault: (error) => void faults.push(error),
  });
  return { answers, sent, faults, answeredCount: () => answeredCount };
}

function number(value: number): BodyWriter {
  return (writer) => writer.int32(value);
}

/** What was sent, as pairs of a correlation id and a number. */
function framesOf(sent: readonly Uint8Array[]): [number, number][] {
  const reader = new Reader(Uint8Array.from(sent.flatMap((bytes) => [...bytes])));
  const frames: [number, number][] = [];
  while (reader.remaining > 0) {
    assert.equal(reader.int32(), FRAME_BYTES - 4);
    frames.push([reader.int32(), reader.int32()]);
  }
  return frames;
}

Deno.test("AnswerQueue.flush() sends answers in the order of the requests, in whichever they come", () => {
  const requests = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }).chain((isLater) =>
    fc.record({
      isLater: fc.constant(isLater),
      order: fc.shuffledSubarray([...isLater.keys()], { minLength: isLater.length }),
      flushesAfter: fc.integer({ min: 0, max: isLater.length }),
    })
  );
  fc.assert(fc.property(requests, ({ isLater, order, flushesAfter }) => {
    const { answers, sent, answeredCount } = queue();
    const laters = isLater.map((_, i) => {
      const later = new Later<BodyWriter>();
      answers.add(i, false, isLater[i] ? later : number(10 * i));
      return later;
    });
    for (const [step, i] of order.filter((i) => isLater[i]).entries()) {
      if (step === flushesAfter) answers.flush();
      laters[i]?.complete(number(10 * i));
    }
    answers.flush();
    assert.deepEqual(framesOf(sent), isLater.map((_, i) => [i, 10 * i]));
    assert.equal(answers.owedCount, 0);
    assert.equal(answers.unsentBytes, 0);
    const firstLater = isLater.indexOf(true);
    assert.equal(answeredCount(), firstLater < 0 ? 0 : isLater.length - firstLater);
  }));
});

Deno.test("AnswerQueue.add() writes an answer at once: what it is written from may change before its turn", () => {
  const { answers, sent } = queue();
  const first = new Later<BodyWriter>();
  answers.add(1, false, first);
  const shared = { value: 7 };
  answers.add(2, false, (writer) => writer.int32(shared.value));
  shared.value = 8;
  first.complete(number(0));
  answers.flush();
  assert.deepEqual(framesOf(sent), [[1, 0], [2, 7]]);
});

Deno.test("AnswerQueue.waitingBytes counts answers whose turn it is not, until it is", () => {
  const { answers } = queue();
  const first = new Later<BodyWriter>();
  answers.add(1, false, first);
  answers.add(2, false, number(2));
  answers.add(3, true, number(3));
  const waiting = 2 * FRAME_BYTES + 1;
  assert.deepEqual([answers.owedCount, answers.waitingBytes, answers.unsentBytes], [3, waiting, waiting]);
  first.complete(number(1));
  assert.deepEqual([answers.owedCount, answers.waitingBytes], [0, 0]);
  assert.equal(answers.unsentBytes, waiting + FRAME_BYTES);
  assert.equal(answers.flush(), waiting + FRAME_BYTES);
  assert.equal(answers.flush(), 0);
});

Deno.test("AnswerQueue.addBare() puts nothing but its size before an answer", () => {
  const { answers, sent } = queue();
  answers.addBare(Uint8Array.of(5, 6));
  answers.flush();
  assert.deepEqual(sent, [Uint8Array.of(0, 0, 0, 2, 5, 6)]);
});

Deno.test("AnswerQueue.close() lets go who waits, and sends nothing from then on", () => {
  const { answers, sent, answeredCount } = queue();
  answers.add(1, false, number(1));
  const first = new Later<BodyWriter>({ hurry: () => first.complete(number(2)) });
  const second = new Later<BodyWriter>({ hurry: () => second.complete(number(3)) });
  answers.add(2, false, first);
  answers.add(3, false, second);
  answers.close();
  assert.ok(first.isCompleted && second.isCompleted);
  answers.add(4, false, number(4));
  answers.add(5, false, new Later());
  assert.equal(answers.flush(), 0);
  assert.deepEqual(sent, []);
  assert.equal(answeredCount(), 0);
  assert.deepEqual([answers.owedCount, answers.unsentBytes], [0, 0]);
});

Deno.test("AnswerQueue.hurry() completes what can be, also when one completes the next", () => {
  const { answers, sent } = queue();
  const second = new Later<BodyWriter>();
  const first = new Later<BodyWriter>({ hurry: () => second.complete(number(1)) });
  const third = new Later<BodyWriter>({ hurry: () => first.complete(number(0)) });
  for (const [i, later] of [first, second, third].entries()) answers.add(i, false, later);
  answers.hurry();
  answers.flush();
  assert.deepEqual(framesOf(sent), [[0, 0], [1, 1]]);
  assert.equal(answers.owedCount, 1);
});

Deno.test("AnswerQueue tells of an answer that cannot be written: who completes it goes on", () => {
  const { answers, faults, answeredCount } = queue();
  const [first, second] = [new Later<BodyWriter>(), new Later<BodyWriter>()];
  answers.add(1, false, first);
  answers.add(2, false, second);
  second.complete((writer) => writer.int8(1_000));
  first.complete((writer) => writer.int8(1_000));
  assert.deepEqual(faults.map((fault) => fault instanceof RangeError), [true, true]);
  assert.equal(answeredCount(), 0);
});
