/** Fetch sessions (KIP-227), beyond their everyday in data_test.ts. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import type { Decoded, Input } from "../../src/wire/schema.ts";
import { batchOf } from "../support/batches.ts";
import { type Ask, conform, like, type Topic, until } from "../support/conform.ts";
import { CreateTopics, DeleteTopics, Fetch, Metadata, Produce } from "../support/wire_pairs.ts";
import { produceOf } from "./requests.ts";

const MAX_BYTES = 1 << 20;
const BY_ID_SINCE = 13;
const VERSIONS = { versions: [7, 12, 13, 18] };

type Topics = Input<typeof Fetch.request>["topics"];

function wanted({ name, topicId }: Topic, offsets: Readonly<Record<number, bigint>>): Topics[number] {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) => ({
    partition: Number(partition),
    fetchOffset,
    partitionMaxBytes: MAX_BYTES,
  }));
  return { topic: name, topicId, partitions };
}

function forgotten({ name, topicId }: Topic, ...partitions: number[]) {
  return { topic: name, topicId, partitions };
}

/** A session, that is asked with rising epochs. */
class Session {
  readonly #ask: Ask;
  #id = 0;
  #epoch = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async fetch(
    topics: Topics = [],
    more: Partial<Input<typeof Fetch.request>> = {},
  ): Promise<Decoded<typeof Fetch.response.fields>> {
    const answer = await this.#ask(Fetch, {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      sessionId: this.#id,
      sessionEpoch: this.#epoch++,
      topics,
      ...more,
    });
    if (this.#id === 0) this.#id = answer.sessionId;
    return answer;
  }
}

/** `partition:errorCode:size` of all partitions of an answer. */
function told({ responses }: Decoded<typeof Fetch.response.fields>): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records }) =>
      `${partitionIndex}:${errorCode}:${(records?.length ?? 0) > 0 ? "records" : "none"}`
    )
  );
}

async function produce(ask: Ask, topic: Topic, index = 0): Promise<void> {
  const { responses } = await ask(Produce, produceOf(topic, batchOf(["a"]), { index }));
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
}

conform(
  Fetch,
  "of a session goes on with what was asked, and tells what is new",
  async ({ ask, newTopic }) => {
    const topic = await newTopic({ partitions: 3 });
    const session = new Session(ask);
    assert.deepEqual(told(await session.fetch([wanted(topic, { 0: 0n, 1: 0n })])), ["0:0:none", "1:0:none"]);
    assert.deepEqual(told(await session.fetch()), []);
    await produce(ask, topic, 1);
    assert.deepEqual(told(await session.fetch()), ["1:0:records"]);
    // It has not said that it goes on from there.
    assert.deepEqual(told(await session.fetch()), ["1:0:records"]);
    assert.deepEqual(told(await session.fetch([wanted(topic, { 1: 1n })])), []);
    assert.deepEqual(told(await session.fetch([wanted(topic, { 2: 0n })])), ["2:0:none"]);
    assert.deepEqual(told(await session.fetch()), []);
    for (const index of [0, 1, 2]) await produce(ask, topic, index);
    const answer = await session.fetch([], { forgottenTopicsData: [forgotten(topic, 0, 7)] });
    assert.deepEqual(told(answer).sort(), ["1:0:records", "2:0:records"]);
  },
  VERSIONS,
);

conform(Fetch, "of a session tells an error each time, and its end", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const session = new Session(ask);
  const outOfRange = `0:${ErrorCode.OFFSET_OUT_OF_RANGE}:none`;
  assert.deepEqual(told(await session.fetch([wanted(topic, { 0: 9n })])), [outOfRange]);
  assert.deepEqual(told(await session.fetch()), [outOfRange]);
  assert.deepEqual(told(await session.fetch([wanted(topic, { 0: 0n })])), ["0:0:none"]);
  assert.deepEqual(told(await session.fetch()), []);
}, VERSIONS);

conform(Fetch, "of a session that has nothing left ends it", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const session = new Session(ask);
  await session.fetch([wanted(topic, { 0: 0n })]);
  like(await session.fetch([], { forgottenTopicsData: [forgotten(topic, 0)] }), {
    errorCode: 0,
    sessionId: 0,
  });
  like(await session.fetch(), {
    errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    sessionId: 0,
    responses: [],
  });
}, VERSIONS);

conform(Fetch, "of a session by name and by id do not mix", async ({ ask, newTopic, version }) => {
  const topic = await newTopic();
  const asked = {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    sessionId: 0,
    sessionEpoch: 0,
    topics: [wanted(topic, { 0: 0n })],
  };
  const { sessionId } = await ask(Fetch, asked);
  const other = version < BY_ID_SINCE ? BY_ID_SINCE : BY_ID_SINCE - 1;
  like(await ask(Fetch, { ...asked, sessionId, sessionEpoch: 1, topics: [] }, other), {
    errorCode: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    sessionId: 0,
    responses: [],
  });
}, VERSIONS);

conform(
  Fetch,
  "of a session knows when a topic went, and when another took its name",
  async ({ ask, newTopic, version }) => {
    const topic = await newTopic();
    const other = await newTopic();
    const session = new Session(ask);
    await session.fetch([wanted(topic, { 0: 0n }), wanted(other, { 0: 0n })]);
    await ask(DeleteTopics, {
      topicNames: [topic.name],
      topics: [{ name: topic.name, topicId: undefined }],
      timeoutMs: 5_000,
    });
    const isThere = async () => {
      const { topics } = await ask(Metadata, {
        topics: [{ name: topic.name }],
        allowAutoTopicCreation: false,
      });
      return topics[0]?.errorCode === ErrorCode.NONE;
    };
    await until(async () => !await isThere());
    assert.deepEqual(told(await session.fetch()), [`0:${ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}:none`]);
    const again = { name: topic.name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    await ask(CreateTopics, { topics: [again], timeoutMs: 5_000 });
    await until(isThere);
    await until(async () => {
      const [answer] = told(await session.fetch());
      return answer === (version < BY_ID_SINCE ? "0:0:none" : `0:${ErrorCode.INCONSISTENT_TOPIC_ID}:none`);
    });
  },
  VERSIONS,
);

conform(Fetch, "by an id that no topic has tells so for each partition", async ({ ask, newTopic }) => {
  const topic = await newTopic();
  const nobody = { name: "", topicId: crypto.randomUUID() };
  const session = new Session(ask);
  const unknown = `0:${ErrorCode.UNKNOWN_TOPIC_ID}:none`;
  assert.deepEqual(told(await session.fetch([wanted(topic, { 0: 0n }), wanted(nobody, { 0: 0n })])).sort(), [
    "0:0:none",
    unknown,
  ]);
  assert.deepEqual(told(await session.fetch()), [unknown]);
}, { versions: [13, 18] });

conform(
  Fetch,
  "of a session begins with who got nothing where the last answer was cut",
  async ({ ask, newTopic }) => {
    const topic = await newTopic({ partitions: 2 });
    for (const index of [0, 1]) await produce(ask, topic, index);
    const session = new Session(ask);
    const first = await session.fetch([wanted(topic, { 0: 0n, 1: 0n })], { maxBytes: 1 });
    assert.deepEqual(told(first), ["0:0:records", "1:0:none"]);
    // Who got records waits behind who got none.
    assert.deepEqual(told(await session.fetch([], { maxBytes: 1 })), ["0:0:records"]);
    assert.deepEqual(told(await session.fetch([], { maxBytes: 1 })), ["1:0:records"]);
  },
  VERSIONS,
);
