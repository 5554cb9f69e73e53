import assert from "node:assert/strict";
import fc from "fast-check";
import type { WantedPartition } from "../../../../src/broker/state/fetch_session.ts";
import {
  type FetchContext,
  FetchSessions,
  type FetchSessionsOptions,
} from "../../../../src/broker/state/fetch_sessions.ts";
import { ErrorCode } from "../../../../src/wire/error_codes.ts";
import { ZERO_UUID } from "../../../../src/wire/uuid.ts";

const OPTIONS: FetchSessionsOptions = { maxSessions: 4, maxPartitions: 1_000, evictionMs: 100 };

function wanted(partition: number, fetchOffset = 0n, topic = "t"): WantedPartition {
  return {
    topic,
    topicId: ZERO_UUID,
    partition,
    fetchOffset,
    currentLeaderEpoch: -1,
    partitionMaxBytes: 1,
  };
}

function setUp(options: Partial<FetchSessionsOptions> = {}) {
  let nowMs = 1_000;
  const clock = {
    nowMs: () => nowMs,
    epochMs: () => nowMs,
    schedule: () => () => {},
  };
  const sessions = new FetchSessions({ ...OPTIONS, ...options }, clock);
  const begin = (
    sessionId: number,
    sessionEpoch: number,
    partitions: WantedPartition[] = [],
    isById = false,
  ) => sessions.begin({ sessionId, sessionEpoch, isById, wanted: partitions, forgotten: [] });
  const open = (...partitions: number[]) => {
    const context = begin(0, 0, partitions.map((partition) => wanted(partition)));
    return finish(context).sessionId;
  };
  return { sessions, begin, open, pass: (ms: number) => void (nowMs += ms) };
}

/** As if every partition was empty. */
function finish(context: FetchContext | number) {
  assert.ok(typeof context !== "number", `error ${context}`);
  return context.finish(context.wanted.map(({ partition }) => answer(partition)));
}

function answer(partition: number, highWatermark = 0n, errorCode = 0, records = 0) {
  const response = {
    partition,
    errorCode,
    highWatermark: errorCode === ErrorCode.NONE ? highWatermark : -1n,
    logStartOffset: 0n,
    records: new Uint8Array(records),
  };
  return { topicName: "t", response };
}

Deno.test("FetchSessions.begin() refuses sessions, epochs and ways to name topics that are not right", () => {
  const { begin, open } = setUp();
  const id = open(0);
  assert.ok(id > 0);
  assert.equal(begin(id + 1, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(begin(0, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(begin(id, 2), ErrorCode.INVALID_FETCH_SESSION_EPOCH);
  assert.equal(begin(id, -5), ErrorCode.INVALID_FETCH_SESSION_EPOCH);
  assert.equal(begin(id, 1, [], true), ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
  assert.equal(finish(begin(id, 1)).sessionId, id);
  assert.equal(begin(id, 1), ErrorCode.INVALID_FETCH_SESSION_EPOCH);
});

Deno.test("FetchSessions.begin() ends the session of a full fetch, and opens another, or none", () => {
  const { sessions, begin, open } = setUp();
  const first = open(0, 1);
  const second = finish(begin(first, 0, [wanted(0)])).sessionId;
  assert.notEqual(second, first);
  assert.equal(begin(first, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(sessions.size, 1);
  assert.equal(finish(begin(second, -1, [wanted(0)])).sessionId, 0);
  assert.deepEqual([sessions.size, sessions.partitionsCount], [0, 0]);
});

Deno.test("FetchSessions makes room by what is stale, then by what is old and smaller", () => {
  const { sessions, open, pass, begin } = setUp({ maxSessions: 2 });
  const [first, second] = [open(0), open(0, 1)];
  assert.equal(open(0, 1, 2), 0, "both are young");
  pass(60);
  finish(begin(first, 1));
  pass(60);
  // The second was not used for 120 ms.
  const third = open(0);
  assert.ok(third > 0);
  assert.equal(begin(second, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(open(0), 0, "none is smaller");
  // The first is old by now, and smaller.
  assert.ok(open(0, 1) > 0);
  assert.equal(begin(first, 2), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.equal(sessions.size, 2);
});

Deno.test("FetchSessions remembers no more partitions than it may", () => {
  const { sessions, open, begin } = setUp({ maxPartitions: 3 });
  const id = open(0, 1);
  assert.equal(open(0, 1), 0);
  assert.equal(begin(id, 1, [wanted(2), wanted(3)]), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  assert.deepEqual([sessions.size, sessions.partitionsCount], [0, 0]);
  assert.ok(open(0, 1, 2) > 0);
});

/** A partition as the broker has it. */
interface State {
  highWatermark: bigint;
  errorCode: number;
  /** Bytes that a fetch gets. */
  records: number;
}

/** What a consumer does, and what happens to the partitions. */
const steps = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant("fetch" as const),
      wanted: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
      forgotten: fc.uniqueArray(fc.nat(7), { maxLength: 2 }),
    }),
    fc.record({
      type: fc.constant("change" as const),
      partition: fc.nat(5),
      highWatermark: fc.bigInt(0n, 3n),
      errorCode: fc.constantFrom(0, 0, 1, 3),
      records: fc.constantFrom(0, 0, 10),
    }),
  ),
  { maxLength: 40 },
);

Deno.test("FetchSessions tells of exactly what a consumer does not know, by a model", () => {
  fc.assert(fc.property(steps, (steps) => {
    const { sessions } = setUp();
    const state = new Map(
      [0, 1, 2, 3, 4, 5].map((i): [number, State] => [i, { highWatermark: 0n, errorCode: 0, records: 0 }]),
    );
    const of = (partition: number) => {
      const { highWatermark, errorCode, records } = state.get(partition) ?? assert.fail();
      return answer(partition, highWatermark, errorCode, records);
    };
    // What the consumer was told last of each partition that it fetches, in the order of the session.
    const model = new Map<number, bigint | undefined>();
    let sessionId = 0;
    let epoch = 0;
    for (const step of steps) {
      if (step.type === "change") {
        const { partition, highWatermark, errorCode, records } = step;
        state.set(partition, { highWatermark, errorCode, records });
        continue;
      }
      const isFull = sessionId === 0;
      const partitions = step.wanted.map((partition) => wanted(partition));
      const forgotten = isFull ? [] : [{ topic: "t", topicId: ZERO_UUID, partitions: step.forgotten }];
      const request = {
        sessionId,
        sessionEpoch: isFull ? 0 : epoch,
        isById: false,
        wanted: partitions,
        forgotten,
      };
      const context = sessions.begin(request);
      assert.ok(typeof context !== "number", `error ${context}`);
      for (const partition of step.wanted) if (!model.has(partition)) model.set(partition, undefined);
      if (!isFull) { for (const partition of step.forgotten) model.delete(partition); }
      assert.deepEqual(context.wanted.map(({ partition }) => partition), [...model.keys()]);
      const told = context.finish(context.wanted.map(({ partition }) => of(partition)));
      const expected = [...model].filter(([partition, knownAs]) => {
        const { response } = of(partition);
        const { errorCode, highWatermark, records } = response;
        return isFull || errorCode !== 0 || records.length > 0 || highWatermark !== knownAs;
      }).map(([partition]) => partition);
      assert.deepEqual(told.answers.map(({ response }) => response.partition), expected);
      for (const partition of [...model.keys()]) {
        const { response: { errorCode, highWatermark, records } } = of(partition);
        // Who got records goes to the end.
        if (!isFull && records.length > 0) model.delete(partition);
        model.set(partition, errorCode === 0 ? highWatermark : undefined);
      }
      assert.equal(told.sessionId === 0, model.size === 0);
      sessionId = told.sessionId;
      epoch = isFull ? 1 : epoch + 1;
      if (sessionId === 0) model.clear();
      assert.equal(sessions.partitionsCount, model.size);
    }
  }));
});
