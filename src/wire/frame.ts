/**
 * Frames: an INT32 size, a header, a body. Which header a message has follows from its definition: a flexible version
 * (KIP-482) has the flexible header, except that the response to ApiVersions always has the oldest, as its reader does
 * not know yet what the broker speaks (KIP-511).
 *
 * The size is the caller's to read, against a bound of its own: here a frame is what follows it.
 *
 * @module
 */
import { APIS } from "./apis.ts";
import type { Message } from "./message.ts";
import { ApiVersionsResponse } from "./messages/18_api_versions.ts";
import type { Reader } from "./reader.ts";
import type { Encodable, Fields } from "./schema.ts";
import { skipTaggedFields } from "./tagged_fields.ts";
import { Writer } from "./writer.ts";

/** The size before a frame, in bytes. */
export const FRAME_SIZE_BYTES = 4;

/** The fewest bytes of a request: apiKey, apiVersion and correlationId. */
export const MIN_REQUEST_BYTES = 8;

/** What stands before a request's body (`RequestHeader.json`). */
export interface RequestHeader {
  readonly requestApiKey: number;
  readonly requestApiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** What stands before a response's body (`ResponseHeader.json`). */
export interface ResponseHeader {
  readonly correlationId: number;
}

/**
 * Reads a request's header. The body can be read only if the API is in {@linkcode APIS} and supports the version: if
 * not, the header is still right, and the answer can say so.
 *
 * @throws {WireError} if the bytes do not hold one
 */
export function readRequestHeader(reader: Reader): RequestHeader {
  const requestApiKey = reader.int16();
  const requestApiVersion = reader.int16();
  const correlationId = reader.int32();
  // Never compact: a broker reads it before it knows whether it understands the version.
  const clientId = reader.nullableString();
  const request = APIS.get(requestApiKey)?.request;
  if (request?.supports(requestApiVersion) && request.isFlexible(requestApiVersion)) skipTaggedFields(reader);
  return { requestApiKey, requestApiVersion, correlationId, clientId };
}

/** Reads the header of the response to `message`'s request. @throws {WireError} if the bytes do not hold one */
export function readResponseHeader(
  reader: Reader,
  message: Message<Fields>,
  version: number,
): ResponseHeader {
  const correlationId = reader.int32();
  if (hasFlexibleHeader(message, version)) skipTaggedFields(reader);
  return { correlationId };
}

/** A whole request, its size in front. @throws {RangeError | TypeError} as {@linkcode Message.encode} */
export function encodeRequest<F extends Fields>(
  message: Message<F>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  value: Encodable<F>,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(message, version, value, (writer) => {
    writer.int16(message.apiKey);
    writer.int16(version);
    writer.int32(header.correlationId);
    writer.string(header.clientId);
  });
}

/** A whole response, its size in front. @throws {RangeError | TypeError} as {@linkcode Message.encode} */
export function encodeResponse<F extends Fields>(
  message: Message<F>,
  version: number,
  correlationId: number,
  value: Encodable<F>,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(message, version, value, (writer) => writer.int32(correlationId));
}

function encodeFrame<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Encodable<F>,
  writeHeader: (writer: Writer) => void,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.int32(0); // the size, below
  writeHeader(writer);
  if (hasFlexibleHeader(message, version)) writer.uvarint(0);
  message.encode(writer, value, version);
  writer.patchInt32(0, writer.position - FRAME_SIZE_BYTES);
  return writer.written();
}

function hasFlexibleHeader(message: Message<Fields>, version: number): boolean {
  const isApiVersions = message.kind === "response" && message.apiKey === ApiVersionsResponse.apiKey;
  return !isApiVersions && message.isFlexible(version);
}
