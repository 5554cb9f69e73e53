import assert from "node:assert/strict";
import fc from "fast-check";
import { WireError } from "../../../src/base/errors.ts";
import { APIS } from "../../../src/wire/apis.ts";
import type { Message } from "../../../src/wire/message.ts";
import { FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../../src/wire/messages/03_metadata.ts";
import { FindCoordinatorRequest } from "../../../src/wire/messages/10_find_coordinator.ts";
import { Reader } from "../../../src/wire/reader.ts";
import type { Fields, Infer, Input } from "../../../src/wire/schema.ts";
import { Writer } from "../../../src/wire/writer.ts";
import { arbitraryMessage, defaultFields, type FieldValues } from "../../support/arbitrary_message.ts";

const MESSAGES = [...APIS.values()].flatMap(({ request, response }) => [request, response]);

function versionsOf(message: Message<Fields>): number[] {
  return Array.from(
    { length: message.maxVersion - message.minVersion + 1 },
    (_, i) => message.minVersion + i,
  );
}

/** A message and a version of it. */
const anyVersion = fc.constantFrom(
  ...MESSAGES.flatMap((message) => versionsOf(message).map((version) => ({ message, version }))),
);

function encode(message: Message<Fields>, version: number, value: FieldValues): Uint8Array {
  const writer = new Writer();
  message.encode(writer, value as Input<Message<Fields>>, version);
  return writer.written();
}

/** The value, or nothing where the bytes are refused as they should be; any other error comes through. */
function decodeOrRefuse(
  message: Message<Fields>,
  version: number,
  bytes: Uint8Array,
): FieldValues | undefined {
  try {
    return message.decode(new Reader(bytes), version);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

for (const message of MESSAGES) {
  Deno.test(`${message.name}.decode() gives what encode() took, in every version`, () => {
    for (const version of versionsOf(message)) {
      fc.assert(
        fc.property(arbitraryMessage(message, version), (value) => {
          const reader = new Reader(encode(message, version, value));
          assert.deepEqual(message.decode(reader, version), value);
          reader.expectEnd();
        }),
        { numRuns: 25 },
      );
    }
  });

  Deno.test(`${message.name}.decode() refuses a message cut short, at every byte of every version`, () => {
    for (const version of versionsOf(message)) {
      fc.assert(
        fc.property(arbitraryMessage(message, version), (value) => {
          const bytes = encode(message, version, value);
          for (let length = 0; length < bytes.length; length++) {
            assert.equal(decodeOrRefuse(message, version, bytes.subarray(0, length)), undefined);
          }
        }),
        { numRuns: 4 },
      );
    }
  });
}

Deno.test("Message.decode() takes any bytes, or refuses them with a WireError", () => {
  fc.assert(
    fc.property(anyVersion, fc.uint8Array({ maxLength: 200 }), ({ message, version }, bytes) => {
      decodeOrRefuse(message, version, bytes);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Message.decode() takes a message with hostile lengths in it, or refuses it with a WireError", () => {
  const hostile = fc.constantFrom(
    [0x7f, 0xff, 0xff, 0xff],
    [0x80, 0x00, 0x00, 0x00],
    [0xff, 0xff, 0xff, 0xfe],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    [0x00, 0x0f, 0xff, 0xff],
  );
  const anyMessage = anyVersion.chain(({ message, version }) =>
    fc.record({
      message: fc.constant(message),
      version: fc.constant(version),
      value: arbitraryMessage(message, version),
    })
  );
  fc.assert(
    fc.property(anyMessage, hostile, fc.nat(), ({ message, version, value }, lengthBytes, place) => {
      const bytes = encode(message, version, value);
      const at = place % (bytes.length + 1);
      bytes.set(lengthBytes.slice(0, bytes.length - at), at);
      decodeOrRefuse(message, version, bytes);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Message.encode() puts defaults for what is left out", () => {
  for (const message of MESSAGES) {
    for (const version of versionsOf(message)) {
      let bytes: Uint8Array;
      try {
        bytes = encode(message, version, {});
      } catch (error) {
        // A default of null in a version that has no null: the field cannot be left out.
        assert.ok(error instanceof TypeError, `${error}`);
        continue;
      }
      assert.deepEqual(message.decode(new Reader(bytes), version), defaultFields(message.fields));
    }
  }
});

Deno.test("Message.encode() leaves out what the version does not have", () => {
  const value: Input<typeof FindCoordinatorRequest> = {
    key: "group",
    keyType: 0,
    coordinatorKeys: ["a", "b"],
  };
  const writer = new Writer();
  FindCoordinatorRequest.encode(writer, value, 3);
  assert.deepEqual(FindCoordinatorRequest.decode(new Reader(writer.written()), 3), {
    ...value,
    coordinatorKeys: [],
  });
});

Deno.test("Message.encode() refuses a null that the version does not have", () => {
  const encodeRequest = (version: number) => MetadataRequest.encode(new Writer(), { topics: null }, version);
  encodeRequest(1);
  assert.throws(() => encodeRequest(0), TypeError);
  const encodeResponse = (version: number) =>
    MetadataResponse.encode(new Writer(), {
      brokers: [],
      topics: [{ errorCode: 3, name: null, partitions: [] }],
    }, version);
  encodeResponse(12);
  assert.throws(() => encodeResponse(11), /MetadataResponseTopic\.name/);
});

Deno.test("Message.decode() refuses a null that the version does not have", () => {
  // An INT32 of -1 as the count of topics.
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  assert.equal(MetadataRequest.decode(new Reader(bytes), 1).topics, null);
  assert.throws(() => MetadataRequest.decode(new Reader(bytes), 0), {
    name: "WireError",
    message: "MetadataRequest v0: Cannot read MetadataRequest.topics as it is null",
  });
});

Deno.test("Message.decode() gives records as a view of the frame", () => {
  const writer = new Writer();
  FetchResponse.encode(writer, {
    responses: [{
      topic: "t",
      partitions: [{ partitionIndex: 0, errorCode: 0, highWatermark: 1n, records: Uint8Array.of(1, 2, 3) }],
    }],
  }, 11);
  const frame = writer.written();
  const records = FetchResponse.decode(new Reader(frame), 11).responses[0]?.partitions[0]?.records;
  assert.ok(records);
  assert.equal(records.buffer, frame.buffer);
});

Deno.test("Message refuses a version that it does not have", () => {
  for (const version of [-1, 14, 1.5, NaN]) {
    assert.equal(MetadataRequest.supports(version), false);
    assert.throws(() => MetadataRequest.decode(new Reader(new Uint8Array(9)), version), WireError);
    assert.throws(() => MetadataRequest.encode(new Writer(), { topics: [] }, version), RangeError);
  }
});

Deno.test("Infer and Input follow from the definition", () => {
  type Topic = NonNullable<Infer<typeof MetadataRequest>["topics"]>[number];
  const topic: Topic = { topicId: "", name: null };
  const response: Input<typeof MetadataResponse> = {
    brokers: [{ nodeId: 1, host: "h", port: 9092 }],
    topics: [],
    // @ts-expect-error: Kafka has no such field
    nodes: [],
  };
  // @ts-expect-error: what is in all versions, and has no default, must be given
  const incomplete: Input<typeof MetadataResponse> = { brokers: [{ nodeId: 1, host: "h" }], topics: [] };
  // @ts-expect-error: an INT64 is a bigint
  const offset: Infer<typeof FetchResponse>["responses"][number]["partitions"][number]["highWatermark"] = 1;
  assert.ok([topic, response, incomplete, offset]);
});
