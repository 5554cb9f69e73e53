/** The live port under fire: the hostile costs itself its connection, and nobody else anything. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { configureLog, logLine } from "../../src/base/log.ts";
import { startBroker } from "../../src/testing.ts";
import { APIS } from "../../src/wire/apis.ts";
import { encodeRequest, FRAME_SIZE_BYTES } from "../../src/wire/frame.ts";
import type { Message } from "../../src/wire/message.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import type { Fields, Input } from "../../src/wire/schema.ts";
import { arbitraryMessage } from "../support/arbitrary_message.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import { mutate, mutations } from "../support/mutations.ts";
import { WireClient } from "../support/wire_client.ts";
import { capturedFrames } from "../support/wire_fixtures.ts";

/** What the broker takes for a fault of its own. */
const faults: string[] = [];
configureLog({ level: "error", sink: (record) => void faults.push(logLine(record)) });

const TOPIC = "steady";

/** A client that goes on with its work: what it produces it reads. */
class Bystander implements Disposable {
  readonly #client: WireClient;
  #offset = 0n;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async connect(address: string): Promise<Bystander> {
    return new Bystander(await WireClient.connect(address));
  }

  async work(): Promise<void> {
    const value = `v${this.#offset}`;
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records: batchOf([value]) }] }];
    const produced = await this.#client.call(ProduceRequest, ProduceResponse, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 1_000,
      topicData,
    });
    assert.equal(produced.responses[0]?.partitionResponses[0]?.baseOffset, this.#offset);
    const partitions = [{ partition: 0, fetchOffset: this.#offset, partitionMaxBytes: 1 << 20 }];
    const fetched = await this.#client.call(FetchRequest, FetchResponse, 12, {
      maxWaitMs: 1_000,
      minBytes: 1,
      maxBytes: 1 << 20,
      topics: [{ topic: TOPIC, partitions }],
    });
    const records = fetched.responses[0]?.partitions[0]?.records ?? new Uint8Array();
    assert.deepEqual(contentOf(records), [`${this.#offset}:${value}`]);
    this.#offset++;
    assert.deepEqual(faults, []);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** What a frame becomes when its bytes after the size are `body`. */
function framed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_SIZE_BYTES + body.length);
  new DataView(frame.buffer).setInt32(0, body.length);
  frame.set(body, FRAME_SIZE_BYTES);
  return frame;
}

/** A frame that cannot be: the broker closes when it has come to it. */
const LAST = new Uint8Array([0, 0, 0, 1, 0]);

/** Sends `bytes`, and waits until the broker has come through them: by then it has closed. */
async function attack(address: string, bytes: Uint8Array): Promise<void> {
  using client = await WireClient.connect(address);
  try {
    await client.sendRaw(bytes);
    await client.sendRaw(LAST);
  } catch (error) {
    // It was closed before all was sent.
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
      throw error;
    }
  }
  await client.untilClosed();
}

const REQUESTS = capturedFrames().filter(({ kind }) => kind === "request");

Deno.test("Broker serves a bystander through frames of real clients, changed after their size", async () => {
  await using broker = await startBroker({ topics: [{ name: TOPIC }], limits: { maxFetchWaitMs: 20 } });
  using bystander = await Bystander.connect(broker.address);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...REQUESTS), mutations, async ({ bytes }, changes) => {
      await attack(broker.address, framed(mutate(bytes.subarray(FRAME_SIZE_BYTES), changes)));
      await bystander.work();
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Broker serves a bystander through streams of real frames, changed anywhere", async () => {
  await using broker = await startBroker({
    topics: [{ name: TOPIC }],
    limits: { maxFetchWaitMs: 20, frameStallMs: 50 },
  });
  using bystander = await Bystander.connect(broker.address);
  const streams = fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(streams, mutations, async (frames, changes) => {
      const bytes = new Uint8Array(frames.flatMap((frame) => [...frame.bytes]));
      await attack(broker.address, mutate(bytes, changes));
      await bystander.work();
    }),
    { numRuns: 150 },
  );
});

Deno.test("Broker finds no fault with itself whatever a well-formed request says", async () => {
  await using broker = await startBroker({ topics: [{ name: TOPIC }], limits: { maxFetchWaitMs: 20 } });
  using bystander = await Bystander.connect(broker.address);
  const anyRequest = fc.constantFrom(...[...APIS.values()].map(({ request }) => request)).chain((request) =>
    fc.integer({ min: request.minVersion, max: request.maxVersion }).chain((version) =>
      arbitraryMessage(request, version).map((value) => {
        const header = { correlationId: 1, clientId: "fuzz" };
        return encodeRequest(request, version, header, value as Input<Message<Fields>>);
      })
    )
  );
  await fc.assert(
    fc.asyncProperty(anyRequest, async (bytes) => {
      await attack(broker.address, bytes);
      await bystander.work();
    }),
    { numRuns: 1_500 },
  );
});

Deno.test("Broker serves a bystander through random bytes, with SASL and without", async () => {
  for (const security of [{}, { sasl: { users: { alice: "secret" } } }]) {
    await using open = await startBroker({ topics: [{ name: TOPIC }], limits: { frameStallMs: 50 } });
    await using broker = await startBroker({ security, limits: { frameStallMs: 50, authenticationMs: 100 } });
    using bystander = await Bystander.connect(open.address);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isFramed) => {
        await attack(broker.address, isFramed ? framed(bytes) : bytes);
        await bystander.work();
      }),
      { numRuns: 100 },
    );
  }
});
