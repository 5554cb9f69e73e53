/**
 * What is asked.
 *
 * @module
 */
import type { ConsumedRecord } from "../kafka/record.ts";
import { decodeText } from "../kafka/text.ts";

const utf8 = new TextDecoder();

/** A request as the handler sees it. */
export class Request {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** When the caller stops waiting, in epoch ms. */
  readonly deadlineMs: number | undefined;
  /** Whether nobody waits for a reply. */
  readonly isOneWay: boolean;
  readonly #record: ConsumedRecord;
  readonly #id: Uint8Array | undefined;

  constructor(
    record: ConsumedRecord,
    id: Uint8Array | undefined,
    deadlineMs: number | undefined,
    isOneWay: boolean,
  ) {
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.key = record.key;
    this.value = record.value ?? new Uint8Array(0);
    this.deadlineMs = deadlineMs;
    this.isOneWay = isOneWay;
    this.#record = record;
    this.#id = id;
  }

  /** The caller's id, as text. */
  get id(): string | undefined {
    return this.#id === undefined ? undefined : decodeText(this.#id);
  }

  get headers(): Readonly<Record<string, Uint8Array>> {
    return this.#record.headers;
  }

  /** The value as UTF-8. */
  text(): string {
    return utf8.decode(this.value);
  }

  /** The value as JSON. @throws {SyntaxError} if it is none */
  json(): unknown {
    return JSON.parse(this.text());
  }
}
