/**
 * One client's connection: frames in, answers out, in the order of the requests.
 *
 * Requests are read straight from the receive buffer. One that cannot be answered yet (a fetch that waits, a join)
 * does not keep those behind it from being handled, only from being answered; so whoever waits is hurried when
 * something else than a fetch comes behind it: a heartbeat is not kept waiting by a long poll.
 *
 * @module
 */
import { describeError, WireError } from "../base/errors.ts";
import { logger } from "../base/log.ts";
import { Reader } from "../wire/reader.ts";
import { skipTaggedFields } from "../wire/tagged_fields.ts";
import { Writer } from "../wire/writer.ts";
import type { BodyWriter } from "./api.ts";
import { answerUnsupported, FETCH, findApi } from "./dispatch.ts";
import type { BrokerState } from "./state/broker_state.ts";
import type { Deadlines, Due } from "./state/deadlines.ts";
import { Later } from "./state/later.ts";

const log = logger("broker");

const SIZE_BYTES = 4;
/** apiKey, apiVersion and correlationId: what every request begins with. */
const MIN_FRAME_BYTES = 8;
const FIRST_BUFFER_BYTES = 8 * 1024;
/** A buffer that a large request made larger than this is let go after it. */
const KEPT_BUFFER_BYTES = 256 * 1024;
const ANSWER_BYTES = 512;

/** An answer that is owed: to be sent when all before it are. */
interface Slot {
  readonly correlationId: number;
  readonly isFlexible: boolean;
  readonly later: Later<BodyWriter>;
  /** The whole answer, once it is there but not its turn. */
  frame: Uint8Array | undefined;
}

/** See the module. */
export class Connection implements Due {
  readonly id: number;
  /** Groups that it may carry a member of. */
  readonly groupIds = new Set<string>();
  readonly remoteHost: string;
  /** Where the client reached us, and so where it can again. */
  readonly localHost: string;
  readonly localPort: number;
  readonly state: BrokerState;
  deadlineMs: number;
  readonly #conn: Deno.TcpConn;
  readonly #deadlines: Deadlines;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  readonly #slots: Slot[] = [];
  #out: Writer | undefined;
  #isWriting = false;
  #isHandling = false;
  #isClosed = false;
  #onRoom: (() => void) | undefined;

  constructor(id: number, conn: Deno.TcpConn, state: BrokerState, deadlines: Deadlines) {
    this.id = id;
    this.state = state;
    this.remoteHost = conn.remoteAddr.hostname;
    this.localHost = conn.localAddr.hostname;
    this.localPort = conn.localAddr.port;
    this.#conn = conn;
    this.#deadlines = deadlines;
    this.deadlineMs = state.clock.nowMs() + state.limits.connectionIdleMs;
    conn.setNoDelay(true);
    deadlines.add(this);
  }

  /** Serves until either side closes. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const hasRoom = this.#handleFrames();
        this.#flush();
        if (!hasRoom) {
          await this.#room();
        } else {
          const n = await this.#conn.read(this.#buffer.subarray(this.#end));
          if (n === null) break;
          this.#end += n;
        }
      }
    } catch (error) {
      this.#failed(error);
    }
    this.close();
  }

  /** Ends the connection at once. Who waits through it is let go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deadlines.delete(this);
    this.#conn.close();
    this.#onRoom?.();
    for (const { later } of this.#slots.splice(0)) later.hurry?.();
    for (const groupId of this.groupIds) this.state.groups.get(groupId)?.connectionClosed(this.id);
  }

  onDeadline(): void {
    if (this.#slots.length === 0 || this.#onRoom !== undefined) {
      log.debug(`Closed the connection of ${this.remoteHost}: it was idle for too long`);
      return this.close();
    }
    this.deadlineMs = this.state.clock.nowMs() + this.state.limits.connectionIdleMs;
    this.#deadlines.add(this);
  }

  /** Handles all whole frames of the buffer. @returns false when answers must leave before more is taken */
  #handleFrames(): boolean {
    this.#isHandling = true;
    while (this.#end - this.#start >= SIZE_BYTES) {
      if (!this.#hasRoom()) return this.#isHandling = false;
      const view = new DataView(this.#buffer.buffer, this.#start, SIZE_BYTES);
      const size = view.getInt32(0);
      if (size < MIN_FRAME_BYTES || size > this.state.limits.maxFrameBytes) {
        throw new WireError(
          `Cannot take a request of ${size} bytes: at most ${this.state.limits.maxFrameBytes}`,
        );
      }
      const frameEnd = this.#start + SIZE_BYTES + size;
      if (frameEnd > this.#end) break;
      const frame = this.#buffer.subarray(this.#start + SIZE_BYTES, frameEnd);
      this.#start = frameEnd;
      this.#handle(frame);
      if (this.#isClosed) break;
    }
    this.#isHandling = false;
    this.#makeRoomInBuffer();
    return true;
  }

  #handle(frame: Uint8Array): void {
    this.deadlineMs = this.state.clock.nowMs() + this.state.limits.connectionIdleMs;
    const reader = new Reader(frame);
    const apiKey = reader.int16();
    const apiVersion = reader.int16();
    const correlationId = reader.int32();
    const api = findApi(apiKey, apiVersion);
    if (api === undefined) {
      return this.#answer(correlationId, false, answerUnsupported(apiKey, apiVersion));
    }
    const clientId = reader.nullableString() ?? "";
    const isFlexible = api.isFlexible(apiVersion);
    if (isFlexible) skipTaggedFields(reader);
    if (apiKey !== FETCH) this.#hurryAll();
    const context = { state: this.state, connection: this, apiVersion, clientId };
    const answer = api.serve(reader, context);
    if (answer === undefined) return;
    this.#answer(correlationId, isFlexible && api.hasFlexibleResponseHeader, answer);
  }

  #answer(correlationId: number, isFlexible: boolean, answer: BodyWriter | Later<BodyWriter>): void {
    if (!(answer instanceof Later)) {
      if (this.#slots.length === 0) return this.#write(correlationId, isFlexible, answer);
      answer = Later.of(answer);
    }
    const later = answer;
    const slot: Slot = { correlationId, isFlexible, later, frame: undefined };
    this.#slots.push(slot);
    later.listen((body) => {
      if (this.#isClosed) return;
      try {
        this.#complete(slot, body);
      } catch (error) {
        // It may be another connection's request that completes this one: the fault is not its.
        this.#failed(error);
        this.close();
      }
    });
  }

  #complete(slot: Slot, body: BodyWriter): void {
    if (this.#slots[0] !== slot) {
      // What the body is written from may be gone when its turn comes.
      const writer = new Writer(ANSWER_BYTES);
      writeFrame(writer, slot.correlationId, slot.isFlexible, body);
      slot.frame = writer.written();
      return;
    }
    this.#slots.shift();
    this.#write(slot.correlationId, slot.isFlexible, body);
    for (let next = this.#slots[0]; next?.frame !== undefined; next = this.#slots[0]) {
      this.#out?.raw(next.frame);
      this.#slots.shift();
    }
    if (!this.#isHandling) this.#flush();
    this.#tellRoom();
  }

  #write(correlationId: number, isFlexible: boolean, body: BodyWriter): void {
    this.#out ??= new Writer(ANSWER_BYTES);
    writeFrame(this.#out, correlationId, isFlexible, body);
  }

  /** Sends what is there, unless a write is under way: then it goes with the next. */
  #flush(): void {
    if (this.#isWriting || this.#out === undefined || this.#isClosed) return;
    const bytes = this.#out.written();
    this.#out = undefined;
    this.#isWriting = true;
    this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      let sent = await this.#conn.write(bytes);
      while (sent < bytes.length) sent += await this.#conn.write(bytes.subarray(sent));
    } catch (error) {
      this.#failed(error);
      return this.close();
    }
    this.#isWriting = false;
    this.#flush();
    this.#tellRoom();
  }

  #hasRoom(): boolean {
    const { maxInFlightRequests, maxResponseBacklogBytes } = this.state.limits;
    return this.#slots.length < maxInFlightRequests && (this.#out?.position ?? 0) <= maxResponseBacklogBytes;
  }

  /** Resolves when more may be taken. A peer that does not take its answers is closed after a while. */
  #room(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    if (this.#isWriting) {
      this.deadlineMs = this.state.clock.nowMs() + this.state.limits.writeStallMs;
      this.#deadlines.add(this);
    }
    return new Promise((resolve) => this.#onRoom = resolve);
  }

  #tellRoom(): void {
    if (this.#onRoom === undefined || !this.#hasRoom()) return;
    this.#onRoom();
    this.#onRoom = undefined;
  }

  #hurryAll(): void {
    if (this.#slots.length === 0) return;
    for (const { later } of [...this.#slots]) later.hurry?.();
  }

  /** Moves what is left to the front, and grows the buffer as it fills, never by what a size field says alone. */
  #makeRoomInBuffer(): void {
    const left = this.#end - this.#start;
    if (left === 0) {
      this.#start = this.#end = 0;
      if (this.#buffer.length > KEPT_BUFFER_BYTES) this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      return;
    }
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = left;
    }
    if (left === this.#buffer.length) {
      const grown = new Uint8Array(this.#buffer.length * 2);
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const peer = `${this.remoteHost} (connection ${this.id})`;
    if (error instanceof WireError) log.warn(`Closed the connection of ${peer}: ${error.message}`);
    else if (isPeerGone(error)) log.debug(`Lost the connection of ${peer}: ${describeError(error)}`);
    else log.error(`Closed the connection of ${peer} after a fault of ours: {error}`, { error });
  }
}

function writeFrame(writer: Writer, correlationId: number, isFlexible: boolean, body: BodyWriter): void {
  const at = writer.position;
  writer.int32(0);
  writer.int32(correlationId);
  if (isFlexible) writer.uvarint(0);
  body(writer);
  writer.patchInt32(at, writer.position - at - SIZE_BYTES);
}

function isPeerGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.TimedOut ||
    error instanceof Deno.errors.NotConnected;
}
