import assert from "node:assert/strict";
import { RequestTimeoutError } from "../../../src/base/errors.ts";
import { PendingRequests } from "../../../src/toolkit/pending_requests.ts";
import type { Reply } from "../../../src/toolkit/reply.ts";

/** A request that settles `ended`. */
function request(id: string, timeoutMs = 60_000) {
  const { promise: ended, resolve, reject } = Promise.withResolvers<Reply>();
  ended.catch(() => {});
  const startedAtMs = performance.now();
  return {
    id,
    topic: "t",
    message: { value: null },
    startedAtMs,
    deadlineMs: startedAtMs + timeoutMs,
    timeoutMs,
    resolve,
    reject,
    ended,
  };
}

Deno.test("PendingRequests.add() sends as many as there are places, and the others in their order as places come free", () => {
  const sent: string[] = [];
  const pending = new PendingRequests({ places: 2, send: ({ id }) => sent.push(id), onTimeout: () => {} });
  for (const id of ["a", "b", "c", "d"]) pending.add(request(id));
  assert.deepEqual([sent, pending.inFlight], [["a", "b"], 2]);
  assert.equal(pending.take("b")?.id, "b");
  assert.deepEqual(sent, ["a", "b", "c"]);
  // One that waits can end before it was sent.
  assert.equal(pending.take("d")?.id, "d");
  pending.take("a");
  pending.take("c");
  assert.deepEqual([sent, pending.inFlight], [["a", "b", "c"], 0]);
  pending.failAll(() => new Error("over"));
});

Deno.test("PendingRequests.add() refuses an id that is in use, in flight or waiting", () => {
  const pending = new PendingRequests({ places: 1, send: () => {}, onTimeout: () => {} });
  for (const id of ["a", "b"]) pending.add(request(id));
  for (const id of ["a", "b"]) assert.throws(() => pending.add(request(id)), TypeError);
  pending.take("a");
  pending.add(request("a"));
  pending.failAll(() => new Error("over"));
});

Deno.test("PendingRequests ends each request at its own deadline, those that wait for a place too", async () => {
  let timedOut = 0;
  const sent: string[] = [];
  const pending = new PendingRequests({
    places: 1,
    send: ({ id }) => sent.push(id),
    onTimeout: () => timedOut++,
  });
  const [slow, quick, waiting] = [request("slow", 80), request("quick", 20), request("forever", 2 ** 40)];
  for (const each of [slow, quick, waiting]) pending.add(each);
  await assert.rejects(quick.ended, RequestTimeoutError);
  await assert.rejects(slow.ended, RequestTimeoutError);
  assert.equal(timedOut, 2);
  // Its timer is longer than a timer can be.
  assert.deepEqual([sent, pending.inFlight], [["slow", "forever"], 1]);
  assert.deepEqual([pending.isLate("slow"), pending.isLate("slow"), pending.isLate("never")], [
    true,
    false,
    false,
  ]);
  pending.failAll(() => new Error("over"));
  await assert.rejects(waiting.ended, /over/);
});

Deno.test("PendingRequests.take() gives a place on to any number that end while they are being sent", () => {
  const sent: string[] = [];
  const pending = new PendingRequests({
    places: 1,
    send: ({ id }) => {
      sent.push(id);
      if (id !== "first") pending.take(id);
    },
    onTimeout: () => {},
  });
  pending.add(request("first"));
  for (let i = 0; i < 50_000; i++) pending.add(request(`${i}`));
  pending.take("first");
  assert.deepEqual([sent.length, pending.inFlight], [50_001, 0]);
  pending.failAll(() => new Error("over"));
});
