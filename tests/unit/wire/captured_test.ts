/** Our codecs against bytes of real clients and a real broker: see tests/fixtures/wire/README.md. */
import assert from "node:assert/strict";
import { WireError } from "../../../src/base/errors.ts";
import { APIS } from "../../../src/wire/apis.ts";
import {
  encodeRequest,
  encodeResponse,
  FRAME_SIZE_BYTES,
  readRequestHeader,
  readResponseHeader,
} from "../../../src/wire/frame.ts";
import { FetchResponse } from "../../../src/wire/messages/01_fetch.ts";
import { ProduceRequest } from "../../../src/wire/messages/00_produce.ts";
import { Reader } from "../../../src/wire/reader.ts";
import { recordBatches, verifyBatch } from "../../../src/wire/record_batch.ts";
import { decodeRecords, encodeRecordBatch } from "../../../src/wire/records.ts";
import { type CapturedFrame, capturedFrame, capturedFrames } from "../../support/wire_fixtures.ts";

const FRAMES = capturedFrames();

function apiOf(frame: CapturedFrame) {
  const api = APIS.get(frame.apiKey);
  if (api === undefined) throw new TypeError(`${frame.name} is of an API that we do not have`);
  return api;
}

/** Decodes a frame to its end, and encodes it again. */
function reencode(frame: CapturedFrame): Uint8Array {
  const { request, response } = apiOf(frame);
  const reader = new Reader(frame.bytes);
  assert.equal(reader.int32(), frame.bytes.length - FRAME_SIZE_BYTES);
  if (frame.kind === "request") {
    const header = readRequestHeader(reader);
    assert.equal(header.requestApiKey, frame.apiKey);
    assert.equal(header.requestApiVersion, frame.version);
    const value = request.decode(reader, frame.version);
    reader.expectEnd();
    return encodeRequest(request, frame.version, header, value);
  }
  const { correlationId } = readResponseHeader(reader, response, frame.version);
  const value = response.decode(reader, frame.version);
  reader.expectEnd();
  return encodeResponse(response, frame.version, correlationId, value);
}

for (const frame of FRAMES) {
  Deno.test(`Message.encode() gives the captured bytes again: ${frame.name}`, () => {
    assert.deepEqual(reencode(frame), frame.bytes);
  });
}

Deno.test("Message.decode() refuses every captured frame cut short, at each byte", () => {
  for (const frame of FRAMES) {
    for (let length = FRAME_SIZE_BYTES; length < frame.bytes.length; length++) {
      const short = { ...frame, bytes: frame.bytes.slice(0, length) };
      new DataView(short.bytes.buffer).setInt32(0, length - FRAME_SIZE_BYTES);
      assert.throws(() => reencode(short), WireError, `${frame.name} cut at ${length}`);
    }
  }
});

Deno.test("capturedFrames() has a request and a response of every API that we have", () => {
  for (const kind of ["request", "response"] as const) {
    const seen = new Set(FRAMES.filter((frame) => frame.kind === kind).map((frame) => frame.apiKey));
    assert.deepEqual([...APIS.keys()].filter((apiKey) => !seen.has(apiKey)), []);
  }
});

function producedBatches(frame: CapturedFrame): Uint8Array[] {
  const reader = new Reader(frame.bytes.subarray(FRAME_SIZE_BYTES));
  if (frame.kind === "request") {
    readRequestHeader(reader);
    return ProduceRequest.decode(reader, frame.version).topicData
      .flatMap((topic) => topic.partitionData.map((partition) => partition.records ?? new Uint8Array()));
  }
  readResponseHeader(reader, FetchResponse, frame.version);
  return FetchResponse.decode(reader, frame.version).responses
    .flatMap((topic) => topic.partitions.map((partition) => partition.records ?? new Uint8Array()));
}

for (
  const frame of FRAMES.filter(({ apiKey, kind }) =>
    apiKey === 0 && kind === "request" || apiKey === 1 && kind === "response"
  )
) {
  Deno.test(`encodeRecordBatch() gives the captured batches again: ${frame.name}`, () => {
    let batches = 0;
    for (const bytes of producedBatches(frame)) {
      for (const header of recordBatches(bytes)) {
        batches++;
        const batch = bytes.slice(header.at, header.at + header.sizeBytes);
        assert.equal(verifyBatch(batch), undefined);
        const records = decodeRecords(batch);
        assert.equal(records.length, header.recordsCount);
        // Every compressor makes other bytes: those batches are only read.
        if ((header.attributes & 0x07) !== 0) continue;
        assert.deepEqual(
          encodeRecordBatch({
            ...header,
            isTransactional: false,
            records: records.map((record) => ({
              ...record,
              offsetDelta: Number(record.offset - header.baseOffset),
            })),
          }),
          batch,
        );
      }
    }
    assert.ok(batches > 0);
  });
}

Deno.test("decodeRecords() reads what kcat and kafkajs have produced, headers and gzip included", () => {
  const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
  const read = (name: string, apiKey: number, version: number, kind: "request" | "response") =>
    producedBatches({ name, apiKey, version, kind, bytes: capturedFrame(name) }).flatMap((bytes) =>
      [...recordBatches(bytes)].flatMap((header) =>
        decodeRecords(bytes, header.at).map((record) => [
          Number(record.offset),
          text(record.key),
          text(record.value),
          record.headers.map((header) => [header.key, text(header.value)]),
        ])
      )
    );
  assert.deepEqual(read("kcat-1.7.1/01_fetch_v11_response.hex", 1, 11, "response"), [
    [0, "a", "1", [["from", "tony"]]],
    [1, "b", "2", [["from", "tony"]]],
    [2, "c", "3", []],
  ]);
  assert.deepEqual(read("kafkajs-2.2.4/00_produce_v7_request.hex", 0, 7, "request"), [
    [0, "k", "hello, Jarvis", [["kafka_correlationId", "1"]]],
    [0, null, null, []],
  ]);
});
