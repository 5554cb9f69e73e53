import assert from "node:assert/strict";
import net from "node:net";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import Connection from "kafkajs/src/network/connection.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import "../../../src/kafka/patches.ts";
import { openSocket } from "../../../src/kafka/socket.ts";

const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };

function newQueue(maxInFlightRequests: number | null = null) {
  return new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    clientId: "test",
    broker: "127.0.0.1:0",
    logger,
    isConnected: () => true,
  });
}

function push(queue: ReturnType<typeof newQueue>, correlationId: number, sent: number[]) {
  return new Promise((resolve, reject) => {
    queue.push({
      entry: { apiKey: 0, apiName: "Produce", apiVersion: 7, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => sent.push(correlationId),
    });
  });
}

Deno.test("RequestQueue.scheduleCheckPendingRequests() starts no timer while nothing is pending", async () => {
  const queue = newQueue();
  const sent: number[] = [];
  for (let id = 0; id < 10; id++) {
    const answered = push(queue, id, sent);
    queue.fulfillRequest({ correlationId: id, payload: Buffer.alloc(0), size: 0 });
    await answered;
    // kafkajs as it comes would have started one here, for -1 ms after 1970.
    assert.equal(queue.throttleCheckTimeoutId, null);
  }
  assert.equal(sent.length, 10);
});

Deno.test("RequestQueue.scheduleCheckPendingRequests() sends what is pending once the throttling ends", async () => {
  const queue = newQueue();
  const sent: number[] = [];
  queue.maybeThrottle(30);
  const answered = push(queue, 1, sent);
  assert.deepEqual(sent, []);
  assert.notEqual(queue.throttleCheckTimeoutId, null);
  while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(Date.now() >= queue.throttledUntil);
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  await answered;
  queue.destroy();
});

Deno.test("RequestQueue.scheduleRequestTimeoutCheck() still rejects what is not answered in time", async () => {
  const queue = newQueue();
  queue.requestTimeout = 20;
  queue.scheduleRequestTimeoutCheck();
  try {
    await assert.rejects(push(queue, 1, []), /timed out/);
    assert.equal(queue.inflight.size, 0);
  } finally {
    queue.destroy();
  }
});

Deno.test("Connection.connect() forgets half an answer that the last connection left behind", async () => {
  /** The first connection answers half, and breaks; the second answers. */
  const answer = Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 1, 2, 3, 4]);
  let connections = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    const isFirst = ++connections === 1;
    socket.once("data", (request) => {
      answer.set(Buffer.from(request).subarray(8, 12), 4);
      if (isFirst) socket.end(answer.subarray(0, 9));
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const connection = new Connection({
    host: "127.0.0.1",
    port: address.port,
    logger,
    socketFactory: openSocket,
    requestTimeout: 5_000,
    connectionTimeout: 5_000,
    clientId: "test",
  });
  const ask = () =>
    new Promise<{ payload: Buffer }>((resolve, reject) => {
      const frame = Buffer.alloc(12);
      const correlationId = connection.nextCorrelationId();
      frame.writeInt32BE(correlationId, 8);
      connection.requestQueue.push({
        entry: { apiKey: 0, apiName: "Any", apiVersion: 0, correlationId, resolve, reject },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => connection.socket.write(frame),
      });
    });
  try {
    await connection.connect();
    await assert.rejects(ask(), /Closed connection/);
    while (connection.isConnected()) await new Promise((resolve) => setTimeout(resolve, 1));
    await connection.connect();
    const { payload } = await ask();
    assert.deepEqual([...payload], [1, 2, 3, 4]);
  } finally {
    connection.socket.destroy();
    connection.requestQueue.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A connection's receiving side, without a socket: what it was answered, and why its socket was destroyed. */
function newReceiver() {
  const connection = new Connection({
    host: "127.0.0.1",
    port: 0,
    logger,
    requestTimeout: 1_000,
    clientId: "test",
  });
  const answers: { correlationId: number; payload: number[] }[] = [];
  const destroyed: string[] = [];
  connection.requestQueue.fulfillRequest = (
    { correlationId, payload }: { correlationId: number; payload: Buffer },
  ) => {
    answers.push({ correlationId, payload: [...payload] });
  };
  connection.socket = { destroy: (error: Error) => destroyed.push(error.message) };
  return { connection, answers, destroyed };
}

Deno.test("Connection.processData() gives the same answers however the bytes are cut", () => {
  const sent = fc.array(
    fc.record({ correlationId: fc.nat(), payload: fc.array(fc.nat(255)) }, { noNullPrototype: true }),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(sent, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (expected, sizes) => {
      const bytes = Buffer.concat(expected.map(({ correlationId, payload }) => {
        const frame = Buffer.alloc(8 + payload.length);
        frame.writeInt32BE(4 + payload.length, 0);
        frame.writeInt32BE(correlationId, 4);
        frame.set(payload, 8);
        return frame;
      }));
      const { connection, answers, destroyed } = newReceiver();
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        connection.processData(bytes.subarray(at, at += size));
      }
      assert.deepEqual(answers, expected);
      assert.deepEqual(destroyed, []);
      assert.equal(connection.bytesBuffered, 0);
    }),
  );
});

Deno.test("Connection.processData() ends a connection whose answer has an impossible size", () => {
  for (const size of [-1, 3, 2 ** 31 - 1, 0x48545450]) {
    const { connection, answers, destroyed } = newReceiver();
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(size);
    connection.processData(bytes);
    assert.deepEqual(answers, []);
    assert.match(destroyed.join(), /none of Kafka's protocol/);
  }
});
