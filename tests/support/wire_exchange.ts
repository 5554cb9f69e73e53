/**
 * Exchanges with a broker whose every response is held against our own encoding of it, in the versions that both sides
 * have.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sleep } from "../../src/base/stop.ts";
import { APIS } from "../../src/wire/apis.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { encodeResponse, FRAME_SIZE_BYTES, readResponseHeader } from "../../src/wire/frame.ts";
import type { Message } from "../../src/wire/message.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../src/wire/messages/18_api_versions.ts";
import { Reader } from "../../src/wire/reader.ts";
import type { Decoded, Encodable, Fields } from "../../src/wire/schema.ts";
import type { WireClient } from "./wire_client.ts";

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** The versions of an API that the broker says it serves. */
interface ServedVersions {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** See the module. */
export class Exchange {
  readonly #client: WireClient;
  readonly #served: ReadonlyMap<number, ServedVersions>;

  private constructor(client: WireClient, served: ReadonlyMap<number, ServedVersions>) {
    this.#client = client;
    this.#served = served;
  }

  static async open(client: WireClient): Promise<Exchange> {
    const { apiKeys } = await client.call(ApiVersionsRequest, ApiVersionsResponse, 0, {});
    return new Exchange(client, new Map(apiKeys.map((api) => [api.apiKey, api])));
  }

  /** The versions that both sides have. */
  versions(message: Message<Fields>): number[] {
    const { minVersion, maxVersion } = this.#served.get(message.apiKey) ?? { minVersion: 0, maxVersion: -1 };
    const versions: number[] = [];
    for (let version = minVersion; version <= maxVersion; version++) {
      if (message.supports(version)) versions.push(version);
    }
    return versions;
  }

  /** The `i`th of {@linkcode Exchange.versions}, the last for all that is beyond. */
  version(message: Message<Fields>, i: number): number {
    const versions = this.versions(message);
    return versions[Math.min(i, versions.length - 1)] ?? assert.fail(`${message.name} is not served`);
  }

  /** One exchange, whose response is held against our own encoding of it. */
  async call<Q extends Fields, R extends Fields>(
    request: Message<Q>,
    response: Message<R>,
    version: number,
    value: Encodable<Q>,
  ): Promise<Decoded<R>> {
    const correlationId = await this.#client.send(request, version, value);
    const frame = await this.#client.readFrame();
    assert.ok(frame, `${request.name} v${version}: the broker closed the connection`);
    const read = <F extends Fields>(message: Message<F>): Decoded<F> => {
      const reader = new Reader(frame);
      assert.equal(readResponseHeader(reader, message, version).correlationId, correlationId);
      const decoded = message.decode(reader, version);
      reader.expectEnd();
      return decoded;
    };
    const erased = APIS.get(response.apiKey)?.response ?? assert.fail(response.name);
    const again = encodeResponse(erased, version, correlationId, read(erased));
    assert.deepEqual(again.subarray(FRAME_SIZE_BYTES), frame, `${response.name} v${version}`);
    return read(response);
  }

  /** As {@linkcode Exchange.call}, and no error may be in the response. */
  async ok<Q extends Fields, R extends Fields>(
    request: Message<Q>,
    response: Message<R>,
    version: number,
    value: Encodable<Q>,
  ): Promise<Decoded<R>> {
    const answer = await this.call(request, response, version, value);
    assert.deepEqual(errorCodes(answer), [], `${response.name} v${version}`);
    return answer;
  }

  /** As {@linkcode Exchange.ok}, again while there are errors that pass: a topic or coordinator that is being made. */
  async eventually<Q extends Fields, R extends Fields>(
    request: Message<Q>,
    response: Message<R>,
    version: number,
    value: Encodable<Q>,
  ): Promise<Decoded<R>> {
    for (const deadlineMs = performance.now() + READY_TIMEOUT_MS;;) {
      const answer = await this.call(request, response, version, value);
      if (errorCodes(answer).length === 0) return answer;
      assert.ok(performance.now() < deadlineMs, `${response.name}: still ${errorCodes(answer)}`);
      await sleep(POLL_MS);
    }
  }
}

/** All error codes but NONE, however deep. */
function errorCodes(value: unknown): number[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    if (name === "errorCode") return field === ErrorCode.NONE ? [] : [Number(field)];
    return errorCodes(field);
  });
}
