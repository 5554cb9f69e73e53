/**
 * Metadata, API 3, at version 6. kafkajs's own request cannot ask for the brokers alone, and fails as a whole when one
 * partition has no leader.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { ByteWriter } from "./bytes.ts";
import { type RawRequest, REQUEST_TIMEOUT_MS } from "./raw_request.ts";

const API_KEY = 3;
const API_VERSION = 6;

/** One node of the cluster. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** A partition, and who holds it. */
export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  /** -1 while there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** What the cluster says of itself. */
export interface Metadata {
  readonly throttleTimeMs: number;
  readonly brokers: readonly BrokerAddress[];
  readonly clusterId: string | undefined;
  readonly controllerId: number;
  readonly topics: readonly {
    readonly errorCode: number;
    readonly topic: string;
    readonly isInternal: boolean;
    /** Sorted. */
    readonly partitions: readonly PartitionMetadata[];
  }[];
}

/** A request for these topics, or for all; none are created by it. */
export function encodeMetadataRequest(clientId: string, topics: readonly string[] | "all"): RawRequest {
  const names = topics === "all" ? [] : topics;
  const size = 32 + clientId.length * 3 + names.reduce((sum, name) => sum + 2 + name.length * 3, 0);
  const writer = new ByteWriter(new Uint8Array(size));
  writer.int32(0); // size: known at the end
  writer.int16(API_KEY);
  writer.int16(API_VERSION);
  writer.int32(0); // correlation id: the connection's to give
  writer.string(clientId);
  writer.int32(topics === "all" ? -1 : names.length);
  for (const name of names) writer.string(name);
  writer.int8(0); // allowAutoTopicCreation
  const end = writer.at;
  writer.at = 0;
  writer.int32(end - 4);
  return {
    apiName: "Metadata",
    frame: writer.bytes.subarray(0, end),
    timeoutMs: REQUEST_TIMEOUT_MS,
  };
}

/** @throws {RangeError} if the answer is cut short */
export function decodeMetadataResponse(payload: Buffer): Metadata {
  const reader = new Reader(payload);
  return {
    throttleTimeMs: reader.int32(),
    brokers: reader.array(() => {
      const broker = { nodeId: reader.int32(), host: reader.string() ?? "", port: reader.int32() };
      reader.string(); // rack
      return broker;
    }),
    clusterId: reader.string(),
    controllerId: reader.int32(),
    topics: reader.array(() => ({
      errorCode: reader.int16(),
      topic: reader.string() ?? "",
      isInternal: reader.int8() !== 0,
      partitions: reader.array(() => {
        const partition = {
          errorCode: reader.int16(),
          partition: reader.int32(),
          leader: reader.int32(),
          replicas: reader.array(() => reader.int32()),
          isr: reader.array(() => reader.int32()),
        };
        reader.array(() => reader.int32()); // offlineReplicas
        return partition;
      }).sort((a, b) => a.partition - b.partition),
    })),
  };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#at++);
  }

  int16(): number {
    return this.#bytes.readInt16BE((this.#at += 2) - 2);
  }

  int32(): number {
    return this.#bytes.readInt32BE((this.#at += 4) - 4);
  }

  string(): string | undefined {
    const length = this.int16();
    return length < 0 ? undefined : this.#bytes.toString("utf8", this.#at, this.#at += length);
  }

  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(read());
    return items;
  }
}
