/**
 * One client's connection: frames in, answers out, in the order of the requests.
 *
 * Requests are read straight from what was received. One that cannot be answered yet (a fetch that waits, a join) does
 * not keep those behind it from being handled, only from being answered; so whoever waits is hurried when something
 * else than a fetch comes behind it: a heartbeat is not kept waiting by a long poll.
 *
 * @module
 */
import type { Socket } from "node:net";
import { describeError, WireError } from "../base/errors.ts";
import { logger } from "../base/log.ts";
import { FRAME_SIZE_BYTES } from "../wire/frame.ts";
import { Reader } from "../wire/reader.ts";
import { skipTaggedFields } from "../wire/tagged_fields.ts";
import { Writer } from "../wire/writer.ts";
import { ANONYMOUS, type BodyWriter, type ClientConnection } from "./api.ts";
import { answerUnsupported, FETCH, findApi } from "./dispatch.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { SendQueue } from "./send_queue.ts";
import type { BrokerState } from "./state/broker_state.ts";
import type { Deadlines, Due } from "./state/deadlines.ts";
import { Later } from "./state/later.ts";

const log = logger("broker");

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
export class Connection implements ClientConnection, Due {
  readonly id: number;
  readonly principal = ANONYMOUS;
  readonly groupIds = new Set<string>();
  readonly remoteHost: string;
  readonly localHost: string;
  readonly localPort: number;
  /** Resolves when nothing is left of the connection. */
  readonly closed: Promise<void>;
  deadlineMs: number;
  dueIndex = -1;
  readonly #state: BrokerState;
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #received: ReceiveBuffer;
  readonly #sending: SendQueue;
  readonly #slots: Slot[] = [];
  #out: Writer | undefined;
  #isHandling = false;
  #isPaused = false;
  #isEnding = false;
  #isClosed = false;

  /** Serves `socket` until either side closes. */
  constructor(id: number, socket: Socket, state: BrokerState, deadlines: Deadlines) {
    this.id = id;
    this.remoteHost = plainAddress(socket.remoteAddress);
    this.localHost = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    this.deadlineMs = state.clock.nowMs() + state.limits.connectionIdleMs;
    this.#state = state;
    this.#socket = socket;
    this.#deadlines = deadlines;
    this.#received = new ReceiveBuffer(state.limits.maxFrameBytes);
    this.#sending = new SendQueue(socket, () => this.#onTaken());
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    state.metrics.connectionsCount++;
    state.metrics.connectionsTotal++;
    deadlines.add(this);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.once("close", () => this.close());
  }

  /** Ends the connection at once. Who waits through it is let go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#state.metrics.connectionsCount--;
    this.#deadlines.delete(this);
    this.#socket.destroy();
    for (const { later } of this.#slots.splice(0)) later.hurry?.();
    for (const groupId of this.groupIds) this.#state.groups.get(groupId)?.connectionClosed(this.id);
  }

  /** Answers what was asked so far, takes nothing more, and ends. Who waits is answered with what there is. */
  end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#socket.pause();
    this.#hurryAll();
    this.#endIfAnswered();
  }

  onDeadline(): void {
    if (this.#slots.length === 0 || this.#isPaused) {
      log.debug(`Closed the connection of ${this.remoteHost}: it was idle for too long`);
      return this.close();
    }
    this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.connectionIdleMs;
    this.#deadlines.add(this);
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    this.#state.metrics.receivedBytes += chunk.length;
    this.#received.push(chunk);
    this.#handleFrames();
  }

  /** Handles what was received, as long as there is room for answers. Reads on only when there is. */
  #handleFrames(): void {
    this.#isHandling = true;
    try {
      while (this.#hasRoom() && !this.#isClosed && !this.#isEnding) {
        const frame = this.#received.next();
        if (frame === undefined) {
          this.#received.settle();
          break;
        }
        this.#handle(frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isHandling = false;
    this.#flush();
    if (!this.#hasRoom()) this.#pause();
  }

  #handle(frame: Uint8Array): void {
    this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.connectionIdleMs;
    const reader = new Reader(frame);
    const apiKey = reader.int16();
    const apiVersion = reader.int16();
    const correlationId = reader.int32();
    const api = findApi(apiKey, apiVersion);
    if (api === undefined) {
      return this.#answer(correlationId, false, answerUnsupported(apiKey, apiVersion));
    }
    this.#state.metrics.asked(apiKey);
    const clientId = reader.nullableString() ?? "";
    const isFlexible = api.isFlexible(apiVersion);
    if (isFlexible) skipTaggedFields(reader);
    if (apiKey !== FETCH) this.#hurryAll();
    const context = { state: this.#state, connection: this, apiVersion, clientId };
    const { faults } = this.#state;
    const answer = faults === undefined
      ? api.serve(reader, context)
      : faults.serve(api, reader, context, () => this.close());
    if (answer === undefined) return;
    this.#answer(correlationId, isFlexible && api.hasFlexibleResponseHeader, answer);
  }

  #answer(correlationId: number, isFlexible: boolean, answer: BodyWriter | Later<BodyWriter>): void {
    if (!(answer instanceof Later) && this.#slots.length === 0) {
      return this.#write(correlationId, isFlexible, answer);
    }
    const later = answer instanceof Later ? answer : Later.of(answer);
    const slot: Slot = { correlationId, isFlexible, later, frame: undefined };
    this.#slots.push(slot);
    later.listen((body) => this.#complete(slot, body));
  }

  #complete(slot: Slot, body: BodyWriter): void {
    if (this.#isClosed) return;
    try {
      if (this.#slots[0] === slot) this.#writeHead(slot, body);
      else slot.frame = frameOf(slot, body);
    } catch (error) {
      // It may be another connection's request that completes this one: the fault is not its.
      return this.#fail(error);
    }
    if (this.#isHandling) return;
    this.#flush();
    if (this.#isEnding) this.#endIfAnswered();
    else this.#goOn();
  }

  /** Writes the answer whose turn it is, and those behind it that are there. */
  #writeHead(slot: Slot, body: BodyWriter): void {
    this.#slots.shift();
    this.#write(slot.correlationId, slot.isFlexible, body);
    for (let next = this.#slots[0]; next?.frame !== undefined; next = this.#slots[0]) {
      this.#out?.raw(next.frame);
      this.#slots.shift();
    }
  }

  #write(correlationId: number, isFlexible: boolean, body: BodyWriter): void {
    this.#out ??= new Writer(ANSWER_BYTES);
    writeFrame(this.#out, correlationId, isFlexible, body);
  }

  #flush(): void {
    if (this.#out === undefined || this.#isClosed) return;
    const bytes = this.#out.written();
    this.#out = undefined;
    this.#state.metrics.sentBytes += bytes.length;
    this.#sending.send(bytes);
  }

  #hasRoom(): boolean {
    const { maxInFlightRequests, maxResponseBacklogBytes } = this.#state.limits;
    return this.#slots.length < maxInFlightRequests &&
      this.#sending.pendingBytes + (this.#out?.position ?? 0) <= maxResponseBacklogBytes;
  }

  /** Reads no more for now. A peer that takes nothing of its answers is closed after a while. */
  #pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#socket.pause();
    if (this.#sending.pendingBytes === 0) return;
    this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.writeStallMs;
    this.#deadlines.add(this);
  }

  /** The peer takes its answers, however slowly: it has the whole time again. */
  #onTaken(): void {
    if (this.#isClosed) return;
    const stalledAtMs = this.#state.clock.nowMs() + this.#state.limits.writeStallMs;
    this.deadlineMs = Math.max(this.deadlineMs, stalledAtMs);
    if (this.#isEnding) this.#endIfAnswered();
    else this.#goOn();
  }

  /** Reads on, when there is room again; first what was received before. */
  #goOn(): void {
    if (!this.#isPaused || this.#isClosed || !this.#hasRoom()) return;
    this.#isPaused = false;
    this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.connectionIdleMs;
    this.#handleFrames();
    if (this.#hasRoom()) this.#socket.resume();
  }

  #endIfAnswered(): void {
    if (this.#slots.length > 0 || this.#isClosed) return;
    if (this.#sending.pendingBytes === 0) this.close();
    else if (!this.#sending.isWaiting) this.#socket.destroySoon();
  }

  #hurryAll(): void {
    if (this.#slots.length === 0) return;
    for (const { later } of [...this.#slots]) later.hurry?.();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const peer = `${this.remoteHost} (connection ${this.id})`;
    if (error instanceof WireError) log.warn(`Closed the connection of ${peer}: ${error.message}`);
    else if (isSystemError(error)) log.debug(`Lost the connection of ${peer}: ${describeError(error)}`);
    else log.error(`Closed the connection of ${peer} after a fault of ours: {error}`, { error });
    this.close();
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

/** The whole answer. What the body is written from may be gone when its turn comes. */
function frameOf({ correlationId, isFlexible }: Slot, body: BodyWriter): Uint8Array {
  const writer = new Writer(ANSWER_BYTES);
  writeFrame(writer, correlationId, isFlexible, body);
  return writer.written();
}

/** An IPv4 address as such, also where a listener on IPv6 took it in. */
function plainAddress(address = ""): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** Whether the system says so, such as ECONNRESET: the peer went away. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;
}
