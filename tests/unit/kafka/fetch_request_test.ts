import assert from "node:assert/strict";
import { FetchRequests } from "../../../src/kafka/fetch_request.ts";
import { FetchRequest } from "../../../src/wire/messages/01_fetch.ts";
import { Reader } from "../../../src/wire/reader.ts";

const VERSION = 11;

/** A request's fields, by the definitions that the broker reads with. */
function decode(frame: Uint8Array) {
  const reader = new Reader(frame);
  assert.equal(reader.int32(), frame.length - 4);
  assert.deepEqual([reader.int16(), reader.int16(), reader.int32()], [1, VERSION, 0]);
  assert.equal(reader.nullableString(), "client");
  const request = FetchRequest.decode(reader, VERSION);
  assert.equal(reader.remaining, 0);
  return request;
}

Deno.test("FetchRequests.next() asks from where the positions are at that time", () => {
  const positions = [
    { topic: "a", partition: 3, offset: 5n },
    { topic: "b", partition: 0, offset: 0n },
    { topic: "a", partition: 1, offset: 7n },
  ];
  const requests = new FetchRequests("client", positions);
  const seen = (maxWaitMs: number) => {
    const request = decode(requests.next(maxWaitMs).frame);
    assert.equal(request.maxWaitMs, maxWaitMs);
    return request.topics.map(({ topic, partitions }) => [
      topic,
      ...partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`),
    ]);
  };
  assert.deepEqual(seen(0), [["a", "3@5", "1@7"], ["b", "0@0"]]);
  for (const position of positions) position.offset += 2n ** 33n;
  assert.deepEqual(seen(10_000), [["a", `3@${5n + 2n ** 33n}`, `1@${7n + 2n ** 33n}`], [
    "b",
    `0@${2n ** 33n}`,
  ]]);
});
