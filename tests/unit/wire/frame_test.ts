import assert from "node:assert/strict";
import { WireError } from "../../../src/base/errors.ts";
import {
  encodeRequest,
  encodeResponse,
  FRAME_SIZE_BYTES,
  readRequestHeader,
  readResponseHeader,
} from "../../../src/wire/frame.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../../src/wire/messages/18_api_versions.ts";
import { HeartbeatRequest, HeartbeatResponse } from "../../../src/wire/messages/12_heartbeat.ts";
import { Reader } from "../../../src/wire/reader.ts";

const HEARTBEAT = { groupId: "g", generationId: 1, memberId: "m" };

Deno.test("encodeRequest() writes the old header in an old version", () => {
  assert.deepEqual(
    [...encodeRequest(HeartbeatRequest, 0, { correlationId: 7, clientId: null }, HEARTBEAT)],
    [0, 0, 0, 20, 0, 12, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 0x67, 0, 0, 0, 1, 0, 1, 0x6d],
  );
});

Deno.test("encodeRequest() writes the flexible header in a flexible version, its client id never compact", () => {
  assert.deepEqual(
    [...encodeRequest(HeartbeatRequest, 4, { correlationId: 7, clientId: "c" }, HEARTBEAT)],
    [0, 0, 0, 22, 0, 12, 0, 4, 0, 0, 0, 7, 0, 1, 0x63, 0, 2, 0x67, 0, 0, 0, 1, 2, 0x6d, 0, 0],
  );
});

Deno.test("encodeResponse() writes the header that the version asks for", () => {
  const value = { throttleTimeMs: 1, errorCode: 27 };
  assert.deepEqual([...encodeResponse(HeartbeatResponse, 3, 7, value)], [
    0,
    0,
    0,
    10,
    0,
    0,
    0,
    7,
    0,
    0,
    0,
    1,
    0,
    27,
  ]);
  assert.deepEqual(
    [...encodeResponse(HeartbeatResponse, 4, 7, value)],
    [0, 0, 0, 12, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0, 27, 0],
  );
});

Deno.test("encodeResponse() gives ApiVersions the oldest header in every version", () => {
  for (const version of [0, 3, 4]) {
    const frame = encodeResponse(ApiVersionsResponse, version, 7, { errorCode: 35, apiKeys: [] });
    assert.deepEqual([...frame.subarray(FRAME_SIZE_BYTES, 10)], [0, 0, 0, 7, 0, 35]);
    const reader = new Reader(frame.subarray(FRAME_SIZE_BYTES));
    assert.deepEqual(readResponseHeader(reader, ApiVersionsResponse, version), { correlationId: 7 });
    assert.equal(ApiVersionsResponse.decode(reader, version).errorCode, 35);
    reader.expectEnd();
  }
});

Deno.test("readRequestHeader() passes over tagged fields that it does not know", () => {
  const reader = new Reader(Uint8Array.of(0, 12, 0, 4, 0, 0, 0, 7, 0, 1, 0x63, 1, 9, 2, 0, 0, 42));
  assert.deepEqual(readRequestHeader(reader), {
    requestApiKey: 12,
    requestApiVersion: 4,
    correlationId: 7,
    clientId: "c",
  });
  assert.equal(reader.int8(), 42);
});

Deno.test("readRequestHeader() reads what it needs of an API or version that nobody knows", () => {
  for (const [apiKey, version] of [[18, 99], [12, 5], [999, 0], [-1, -1]] as const) {
    const bytes = new Uint8Array(10);
    const view = new DataView(bytes.buffer);
    view.setInt16(0, apiKey);
    view.setInt16(2, version);
    view.setInt32(4, 7);
    view.setInt16(8, -1);
    assert.deepEqual(readRequestHeader(new Reader(bytes)), {
      requestApiKey: apiKey,
      requestApiVersion: version,
      correlationId: 7,
      clientId: null,
    });
  }
});

Deno.test("readRequestHeader() refuses a header cut short, at every byte", () => {
  const header = { correlationId: 7, clientId: "client" };
  const frame = encodeRequest(ApiVersionsRequest, 4, header, {}).subarray(FRAME_SIZE_BYTES);
  const reader = new Reader(frame);
  readRequestHeader(reader);
  for (let length = 0; length < reader.position; length++) {
    assert.throws(() => readRequestHeader(new Reader(frame.subarray(0, length))), WireError);
  }
});
