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
import { TLSSocket } from "node:tls";
import { describeError, WireError } from "../base/errors.ts";
import { logger } from "../base/log.ts";
import { FRAME_SIZE_BYTES } from "../wire/frame.ts";
import { Reader } from "../wire/reader.ts";
import { skipTaggedFields } from "../wire/tagged_fields.ts";
import { Writer } from "../wire/writer.ts";
import { ANONYMOUS, type BodyWriter, type ClientConnection } from "./api.ts";
import { answerUnsupported, FETCH, findApi } from "./dispatch.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import type { Authentication } from "./security/authentication.ts";
import { SaslSession } from "./security/sasl_session.ts";
import { SendQueue } from "./send_queue.ts";
import type { BrokerState } from "./state/broker_state.ts";
import type { Deadlines, Due } from "./state/deadlines.ts";
import { Later } from "./state/later.ts";

const log = logger("broker");

const ANSWER_BYTES = 512;

/** The fewest bytes of a request: apiKey, apiVersion and correlationId. */
const MIN_REQUEST_BYTES = 8;
/** A frame that comes has Limits.frameStallMs for each so many bytes of it. */
const FRAME_PIECE_BYTES = 1024 * 1024;

/** What connections share. */
export interface ConnectionContext {
  readonly state: BrokerState;
  readonly deadlines: Deadlines;
  readonly buffers: BufferPool;
  /** Undefined where nobody is asked who it is. */
  readonly authentication: Authentication | undefined;
  /** Where clients are told to come back to; undefined to tell each where it reached us. */
  readonly advertised: { readonly hostname: string; readonly port: number } | undefined;
  /** What the listener is called, if that is more than an address. */
  readonly listenerName: string | undefined;
}

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
  readonly sasl: SaslSession | undefined;
  readonly groupIds = new Set<string>();
  readonly remoteHost: string;
  /** Resolves when nothing is left of the connection. */
  readonly closed: Promise<void>;
  deadlineMs: number;
  dueIndex = -1;
  readonly #state: BrokerState;
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #buffers: BufferPool;
  readonly #advertised: ConnectionContext["advertised"];
  readonly #listenerName: string | undefined;
  readonly #received: ReceiveBuffer;
  readonly #sending: SendQueue;
  readonly #slots: Slot[] = [];
  #out: Writer | undefined;
  #isHandling = false;
  #isPaused = false;
  #isEnding = false;
  #isClosed = false;
  /** By when more of the frame that was begun is to be there. */
  #frameDueMs = Infinity;
  #framePieces = 0;
  /** As the pool has been told. */
  #heldBytes = 0;
  /** What is still to be done before the connection is ended, undefined when it goes on. */
  #lastWords: (() => void) | undefined;

  /** Serves `socket` until either side closes. */
  constructor(id: number, socket: Socket, context: ConnectionContext) {
    const { state, deadlines, authentication } = context;
    const { clock, limits } = state;
    this.id = id;
    this.remoteHost = plainAddress(socket.remoteAddress);
    this.sasl = authentication && new SaslSession(authentication, clock);
    const isToProveItself = this.sasl !== undefined || socket instanceof TLSSocket;
    this.deadlineMs = clock.nowMs() + (isToProveItself ? limits.authenticationMs : limits.connectionIdleMs);
    this.#state = state;
    this.#socket = socket;
    this.#deadlines = deadlines;
    this.#buffers = context.buffers;
    this.#advertised = context.advertised;
    this.#listenerName = context.listenerName;
    this.#received = new ReceiveBuffer(
      MIN_REQUEST_BYTES,
      this.sasl === undefined ? limits.maxFrameBytes : limits.maxUnauthenticatedFrameBytes,
    );
    this.#sending = new SendQueue(socket, () => this.#onTaken());
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    state.metrics.connectionsCount++;
    state.metrics.connectionsTotal++;
    deadlines.add(this);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.once("close", () => this.close());
  }

  get principal(): string {
    return this.sasl?.username === undefined ? ANONYMOUS : `User:${this.sasl.username}`;
  }

  get localHost(): string {
    if (this.#advertised !== undefined) return this.#advertised.hostname;
    if (!(this.#socket instanceof TLSSocket)) return plainAddress(this.#socket.localAddress);
    // A name that a certificate can be for: the one that the client asked for, else the listener's own.
    const { servername } = this.#socket as TLSSocket & { servername?: string | false };
    return servername ? servername : this.#listenerName ?? plainAddress(this.#socket.localAddress);
  }

  get localPort(): number {
    return this.#advertised?.port ?? this.#socket.localPort ?? 0;
  }

  /** Ends the connection at once. Who waits through it is let go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffers.change(this.#heldBytes, 0);
    this.#heldBytes = 0;
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
    if (this.#lastWords !== undefined) return this.#end();
    const nowMs = this.#state.clock.nowMs();
    if (this.#slots.length === 0 || this.#isPaused || nowMs >= this.#frameDueMs) {
      log.debug(`Closed the connection of ${this.remoteHost}: nothing came, or was taken, for too long`);
      return this.close();
    }
    this.deadlineMs = nowMs + this.#state.limits.connectionIdleMs;
    this.#deadlines.add(this);
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isClosed || this.#lastWords !== undefined) return;
    this.#state.metrics.receivedBytes += chunk.length;
    this.#received.push(chunk);
    this.#handleFrames();
  }

  /** Handles what was received, as long as there is room for answers. Reads on only when there is. */
  #handleFrames(): void {
    this.#isHandling = true;
    try {
      // What the system takes at once makes room again: nobody else would tell of it.
      while (this.#handleSome()) {
        this.#flush();
        if (!this.#hasRoom()) break;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isHandling = false;
    this.#flush();
    if (!this.#hold() || !this.#takesFrames()) return;
    if (this.#hasRoom()) this.#watchFrame();
    else this.#pause();
  }

  /** Handles frames while there is room. @returns whether it ended for want of room */
  #handleSome(): boolean {
    while (this.#takesFrames() && this.#hasRoom()) {
      const frame = this.#received.next();
      if (frame === undefined) {
        this.#received.settle();
        return false;
      }
      this.#handle(frame);
    }
    return this.#takesFrames();
  }

  /** Tells the pool what is held. @returns false when it is too much: then the connection is closed */
  #hold(): boolean {
    if (this.#isClosed) return false;
    const bytes = this.#received.heldBytes + this.#sending.heldBytes;
    const mayGoOn = this.#buffers.change(this.#heldBytes, bytes);
    this.#heldBytes = bytes;
    if (!mayGoOn) {
      log.warn(
        `Closed the connection of ${this.remoteHost}: it made the broker hold ${bytes} bytes, of too many`,
      );
      this.close();
    }
    return mayGoOn;
  }

  /** A frame that was begun is to come on, however long the peer may otherwise be silent. */
  #watchFrame(): void {
    const pieces = Math.ceil(this.#received.pendingBytes / FRAME_PIECE_BYTES);
    if (pieces === this.#framePieces) return;
    this.#framePieces = pieces;
    if (pieces === 0) return;
    const { frameStallMs, connectionIdleMs } = this.#state.limits;
    this.#frameDueMs = this.#state.clock.nowMs() + Math.min(frameStallMs, connectionIdleMs);
    this.deadlineMs = this.#isKnown() ? this.#frameDueMs : Math.min(this.deadlineMs, this.#frameDueMs);
    this.#deadlines.add(this);
  }

  #handle(frame: Uint8Array): void {
    this.#framePieces = 0;
    this.#frameDueMs = Infinity;
    const { sasl } = this;
    if (this.#isKnown()) this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.connectionIdleMs;
    if (sasl?.takesBareTokens) return this.#handleToken(sasl, frame);
    const reader = new Reader(frame);
    const apiKey = reader.int16();
    const apiVersion = reader.int16();
    const correlationId = reader.int32();
    if (sasl?.allows(apiKey) === false) {
      throw new WireError(`Cannot serve API ${apiKey} to a client that has not authenticated itself for it`);
    }
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
      : faults.serve(api, reader, context, () => this.#cut());
    if (answer === undefined) return;
    const hasFlexibleHeader = isFlexible && api.hasFlexibleResponseHeader;
    if (sasl?.isRefused) return this.#endWith(() => this.#answer(correlationId, hasFlexibleHeader, answer));
    if (sasl !== undefined) this.#expect(sasl);
    this.#answer(correlationId, hasFlexibleHeader, answer);
  }

  /** A token as it came after version 0 of SaslHandshake: with nothing but its size before it, as its answer. */
  #handleToken(sasl: SaslSession, token: Uint8Array): void {
    const step = sasl.authenticate(token)?.step;
    if (step === undefined || step.type === "failed") return this.#endWith(() => {});
    this.#expect(sasl);
    this.#out ??= new Writer(ANSWER_BYTES);
    this.#out.int32(step.bytes.length);
    this.#out.raw(step.bytes);
  }

  /** What may come next. */
  #expect(sasl: SaslSession): void {
    const { maxFrameBytes, maxUnauthenticatedFrameBytes } = this.#state.limits;
    this.#received.expect(
      sasl.takesBareTokens ? 1 : MIN_REQUEST_BYTES,
      sasl.username === undefined ? maxUnauthenticatedFrameBytes : maxFrameBytes,
    );
  }

  /** Says `lastWords` a little later, so that guessing is slow, and ends. What comes until then is not looked at. */
  #endWith(lastWords: () => void): void {
    const { clock, limits } = this.#state;
    log.warn(`Refused ${this.remoteHost} (connection ${this.id}): it could not authenticate itself`);
    this.#lastWords = lastWords;
    this.deadlineMs = clock.nowMs() + limits.failedAuthenticationDelayMs;
    this.#deadlines.add(this);
  }

  /** Says the last words and, the next time, closes: until then the peer can take them. */
  #end(): void {
    if (this.#socket.writableEnded) return this.close();
    this.#lastWords?.();
    this.#flush();
    this.#socket.end();
    this.deadlineMs = this.#state.clock.nowMs() + this.#state.limits.lingerMs;
    this.#deadlines.add(this);
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
    if (!this.#hold()) return;
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
    const out = this.#out;
    this.#out = undefined;
    this.#state.metrics.sentBytes += out.position;
    for (const part of out.parts()) this.#sending.send(part);
  }

  /** Who is asked and has not said yet who it is has one time for all of it. */
  #isKnown(): boolean {
    return this.sasl === undefined || this.sasl.username !== undefined;
  }

  #takesFrames(): boolean {
    return !this.#isClosed && !this.#isEnding && this.#lastWords === undefined;
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
    // It is not the peer that keeps the rest of a frame back.
    this.#framePieces = 0;
    this.#frameDueMs = Infinity;
    const { writeStallMs, connectionIdleMs } = this.#state.limits;
    this.deadlineMs = this.#state.clock.nowMs() +
      (this.#sending.pendingBytes > 0 ? writeStallMs : connectionIdleMs);
    this.#deadlines.add(this);
  }

  /** The peer takes its answers, however slowly: it has the whole time again. */
  #onTaken(): void {
    if (this.#isClosed) return;
    const stalledAtMs = this.#state.clock.nowMs() + this.#state.limits.writeStallMs;
    this.deadlineMs = Math.max(this.deadlineMs, stalledAtMs);
    this.#hold();
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

  /** Ends the connection behind what is answered so far. */
  #cut(): void {
    this.#flush();
    this.#isEnding = true;
    this.#socket.pause();
    for (const { later } of this.#slots.splice(0)) later.hurry?.();
    this.#endIfAnswered();
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
    if (error instanceof WireError || isTlsError(error)) {
      log.warn(`Closed the connection of ${peer}: ${describeError(error)}`);
    } else if (isSystemError(error)) log.debug(`Lost the connection of ${peer}: ${describeError(error)}`);
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

/** Whether the peer does not speak TLS, or not as it should. */
function isTlsError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    /^ERR_(SSL|TLS)/.test(error.code);
}
