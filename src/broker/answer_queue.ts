/**
 * The answers that a connection owes, sent in the order of the requests: one that is there before its turn waits for those
 * before it.
 *
 * @module
 */
import { FRAME_SIZE_BYTES } from "../wire/frame.ts";
import { Writer } from "../wire/writer.ts";
import type { BodyWriter } from "./api.ts";
import { Later } from "./state/later.ts";

const ANSWER_BYTES = 512;

/** An answer that is owed: to be sent when all before it are. */
interface OwedAnswer {
  readonly correlationId: number;
  readonly isFlexible: boolean;
  readonly later: Later<BodyWriter>;
  /** The whole answer, once it is there but not its turn. */
  frame: Uint8Array | undefined;
}

/** What a queue of answers is made of. */
export interface AnswerQueueOptions {
  /** Takes what is to be sent: it belongs to it then. */
  readonly outlet: { send(bytes: Uint8Array): void };
  /** An answer that was owed is there, sent or not: {@linkcode AnswerQueue.flush} is to follow. */
  readonly onAnswered: () => void;
  /** An answer that was owed could not be written. */
  readonly onFault: (error: unknown) => void;
}

/** See the module. Its bounds are the asker's: it tells of what it holds. */
export class AnswerQueue {
  readonly #options: AnswerQueueOptions;
  readonly #owed: OwedAnswer[] = [];
  /** Of answers that wait for their turn. */
  #waitingBytes = 0;
  /** What goes out with the next flush. */
  #out: Writer | undefined;
  #isClosed = false;

  constructor(options: AnswerQueueOptions) {
    this.#options = options;
  }

  /** Requests that are not answered yet. */
  get owedCount(): number {
    return this.#owed.length;
  }

  /** Of answers that are there, but wait for their turn. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Of all answers that are there and not sent. */
  get unsentBytes(): number {
    return this.#waitingBytes + (this.#out?.position ?? 0);
  }

  /** Takes the answer to the request that came last, now or later. */
  add(correlationId: number, isFlexible: boolean, answer: BodyWriter | Later<BodyWriter>): void {
    if (this.#isClosed) return;
    if (!(answer instanceof Later) && this.#owed.length === 0) {
      return this.#write(correlationId, isFlexible, answer);
    }
    const later = answer instanceof Later ? answer : Later.of(answer);
    const owed: OwedAnswer = { correlationId, isFlexible, later, frame: undefined };
    this.#owed.push(owed);
    later.listen((body) => this.#complete(owed, body));
  }

  /** Takes an answer that has nothing but its size before it. To be called while none is owed. */
  addBare(bytes: Uint8Array): void {
    this.#out ??= new Writer(ANSWER_BYTES);
    this.#out.int32(bytes.length);
    this.#out.raw(bytes);
  }

  /** Sends what may be sent. @returns how many bytes */
  flush(): number {
    const out = this.#out;
    if (out === undefined || this.#isClosed) return 0;
    this.#out = undefined;
    for (const part of out.parts()) this.#options.outlet.send(part);
    return out.position;
  }

  /** Makes all that is owed complete with what there is, where that is possible. */
  hurry(): void {
    if (this.#owed.length === 0) return;
    for (const { later } of [...this.#owed]) later.hurry();
  }

  /** Sends nothing from now on. Who waits to answer is let go. */
  close(): void {
    this.#isClosed = true;
    this.#out = undefined;
    this.#waitingBytes = 0;
    for (const { later } of this.#owed.splice(0)) later.hurry();
  }

  #complete(owed: OwedAnswer, body: BodyWriter): void {
    if (this.#isClosed) return;
    try {
      if (this.#owed[0] === owed) this.#writeHead(owed, body);
      else this.#keep(owed, body);
    } catch (error) {
      // It may be another connection's request that completes this one: the fault is not its.
      return this.#options.onFault(error);
    }
    this.#options.onAnswered();
  }

  /** Keeps the whole answer: what the body is written from may be gone when its turn comes. */
  #keep(owed: OwedAnswer, body: BodyWriter): void {
    const writer = new Writer(ANSWER_BYTES);
    writeFrame(writer, owed.correlationId, owed.isFlexible, body);
    owed.frame = writer.written();
    this.#waitingBytes += owed.frame.length;
  }

  /** Writes the answer whose turn it is, and those behind it that are there. */
  #writeHead(owed: OwedAnswer, body: BodyWriter): void {
    this.#owed.shift();
    this.#write(owed.correlationId, owed.isFlexible, body);
    for (let next = this.#owed[0]; next?.frame !== undefined; next = this.#owed[0]) {
      this.#out?.raw(next.frame);
      this.#waitingBytes -= next.frame.length;
      this.#owed.shift();
    }
  }

  #write(correlationId: number, isFlexible: boolean, body: BodyWriter): void {
    this.#out ??= new Writer(ANSWER_BYTES);
    writeFrame(this.#out, correlationId, isFlexible, body);
  }
}

function writeFrame(writer: Writer, correlationId: number, isFlexible: boolean, body: BodyWriter): void {
  const at = writer.position;
  writer.int32(0);
  writer.int32(correlationId);
  if (isFlexible) writer.uvarint(0);
  body(writer);
  writer.patchInt32(at, writer.position - at - FRAME_SIZE_BYTES);
}
