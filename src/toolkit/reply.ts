/**
 * What comes back: a reply, or an error that says why there is none.
 *
 * @module
 */
import type { Problem } from "../base/errors.ts";
import { type ConsumedRecord, HeaderNames } from "../kafka/record.ts";
import { decodeText } from "../kafka/text.ts";
import { CORRELATION_ID, NEST_ERROR, PARLEY_ERROR } from "./headers.ts";

const utf8 = new TextDecoder();
const REPLY_HEADERS = new HeaderNames(CORRELATION_ID, PARLEY_ERROR, NEST_ERROR);

/** An answer, and where it stands. */
export class Reply {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly value: Uint8Array;
  /** From the call of `request` to the arrival of the reply. */
  readonly rttMs: number;
  readonly #record: ConsumedRecord;

  constructor(id: string, record: ConsumedRecord, rttMs: number) {
    this.id = id;
    this.topic = record.topic;
    this.partition = record.partition;
    this.offset = record.offset;
    this.value = record.value ?? new Uint8Array(0);
    this.rttMs = rttMs;
    this.#record = record;
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

/** Whose reply a record is, and what it reports if it is an error, in Parley's form or NestJS's. */
export function readReply(record: ConsumedRecord): { id: string; problem: Problem | undefined } {
  const { 0: idBytes, 1: parleyError, 2: nestError } = record.pick(REPLY_HEADERS);
  const id = idBytes === undefined ? "" : decodeText(idBytes);
  if (parleyError !== undefined) return { id, problem: parleyProblem(record) };
  return { id, problem: nestError === undefined ? undefined : nestProblem(nestError) };
}

const FAILED: Problem = { type: "about:blank", title: "The handler failed" };

function parleyProblem(record: ConsumedRecord): Problem {
  try {
    const problem: unknown = JSON.parse(record.text());
    return isProblem(problem) ? problem : FAILED;
  } catch {
    return FAILED;
  }
}

function nestProblem(reason: Uint8Array): Problem {
  const text = utf8.decode(reason);
  try {
    // NestJS sends an object that it was given as JSON: { status, message }.
    const given: unknown = JSON.parse(text);
    const hasMessage = typeof given === "object" && given !== null && "message" in given;
    return { ...FAILED, detail: hasMessage && typeof given.message === "string" ? given.message : text };
  } catch {
    return { ...FAILED, detail: text };
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" &&
    "title" in value && typeof value.title === "string";
}
