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
import { logger } from "../base/log.ts";
import { MIN_REQUEST_BYTES } from "../wire/frame.ts";
import { Reader } from "../wire/reader.ts";
import { skipTaggedFields } from "../wire/tagged_fields.ts";
import { AnswerQueue } from "./answer_queue.ts";
import { AuthenticationGate } from "./authentication_gate.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { ConnectedClient, type ListenerAddress } from "./connected_client.ts";
import { logConnectionFault } from "./connection_fault.ts";
import { ConnectionWatch } from "./connection_watch.ts";
import { answerUnsupported, FETCH, findApi } from "./dispatch.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import type { Authentication } from "./security/authentication.ts";
import { SaslSession } from "./security/sasl_session.ts";
import { SendQueue } from "./send_queue.ts";
import type { BrokerState } from "./state/broker_state.ts";
import type { Deadlines } from "./state/deadlines.ts";

const log = logger("broker");

/** What connections share. */
export interface ConnectionContext extends ListenerAddress {
  readonly state: BrokerState;
  readonly deadlines: Deadlines;
  readonly buffers: BufferPool;
  /** Undefined where nobody is asked who it is. */
  readonly authentication: Authentication | undefined;
}

/** See the module. */
export class Connection {
  /** Resolves when nothing is left of the connection. */
  readonly closed: Promise<void>;
  readonly #state: BrokerState;
  readonly #socket: Socket;
  readonly #client: ConnectedClient;
  readonly #buffers: BufferPool;
  readonly #received: ReceiveBuffer;
  /** Undefined where nobody is asked who it is. */
  readonly #gate: AuthenticationGate | undefined;
  readonly #answers: AnswerQueue;
  readonly #sending: SendQueue;
  readonly #watch: ConnectionWatch;
  #isHandling = false;
  #isPaused = false;
  #isEnding = false;
  #isClosed = false;
  /** As the pool has been told. */
  #heldBytes = 0;
  /** What is still to be done before the connection is ended, undefined when it goes on. */
  #lastWords: (() => void) | undefined;

  /** Serves `socket` until either side closes. */
  constructor(id: number, socket: Socket, context: ConnectionContext) {
    const { state, deadlines, buffers, authentication } = context;
    const { clock, limits } = state;
    const sasl = authentication && new SaslSession(authentication, clock);
    const client = new ConnectedClient(id, socket, sasl, context);
    this.#state = state;
    this.#socket = socket;
    this.#client = client;
    this.#buffers = buffers;
    this.#received = new ReceiveBuffer(MIN_REQUEST_BYTES, limits.maxFrameBytes);
    this.#gate = sasl && new AuthenticationGate(sasl, this.#received, limits);
    this.#sending = new SendQueue(socket, () => this.#onTaken());
    this.#answers = new AnswerQueue({
      outlet: this.#sending,
      onAnswered: () => this.#onAnswered(),
      onFault: (error) => this.#fail(error),
    });
    this.#watch = new ConnectionWatch({
      clock,
      deadlines,
      limits,
      client,
      isEncrypted: socket instanceof TLSSocket,
      onOver: () => this.#onOver(),
    });
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    state.metrics.connectionsCount++;
    state.metrics.connectionsTotal++;
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.once("close", () => this.close());
  }

  /** Ends the connection at once. Who waits through it is let go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffers.change(this.#heldBytes, 0);
    this.#heldBytes = 0;
    this.#state.metrics.connectionsCount--;
    this.#watch.stop();
    this.#socket.destroy();
    this.#answers.close();
    const { id, groupIds } = this.#client;
    for (const groupId of groupIds) this.#state.groups.get(groupId)?.connectionClosed(id);
  }

  /** Answers what was asked so far, takes nothing more, and ends. Who waits is answered with what there is. */
  end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#socket.pause();
    this.#answers.hurry();
    this.#endIfAnswered();
  }

  /** The peer was waited for long enough; unless it is the one that waits for an answer. */
  #onOver(): void {
    if (this.#lastWords !== undefined) return this.#end();
    if (this.#answers.owedCount > 0 && !this.#isPaused && !this.#watch.isFrameOverdue) {
      return this.#watch.restart();
    }
    log.debug(`Closed the connection of ${this.#client}: nothing came, or was taken, for too long`);
    this.close();
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
    if (this.#hasRoom()) this.#watch.frameAwaited(this.#received.pendingBytes);
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
    const bytes = this.#received.heldBytes + this.#answers.waitingBytes + this.#sending.heldBytes;
    const mayGoOn = this.#buffers.change(this.#heldBytes, bytes);
    this.#heldBytes = bytes;
    if (mayGoOn) return true;
    log.warn(`Closed the connection of ${this.#client}: of too many bytes held for all, ${bytes} are its`);
    this.close();
    return false;
  }

  #handle(frame: Uint8Array): void {
    const askedMs = this.#watch.frameCame();
    const gate = this.#gate;
    if (gate?.takesBareTokens) {
      const token = gate.takeToken(frame);
      return token === undefined ? this.#endWith(() => {}) : this.#answers.addBare(token);
    }
    const reader = new Reader(frame);
    const apiKey = reader.int16();
    const apiVersion = reader.int16();
    const correlationId = reader.int32();
    gate?.admit(apiKey);
    const api = findApi(apiKey, apiVersion);
    if (api === undefined) {
      return this.#answers.add(correlationId, false, answerUnsupported(apiKey, apiVersion));
    }
    this.#state.metrics.asked(apiKey);
    const clientId = reader.nullableString() ?? "";
    const isFlexible = api.isFlexible(apiVersion);
    if (isFlexible) skipTaggedFields(reader);
    if (apiKey !== FETCH) this.#answers.hurry();
    const context = { state: this.#state, connection: this.#client, apiVersion, clientId, askedMs };
    const { faults } = this.#state;
    const answer = faults === undefined
      ? api.serve(reader, context)
      : faults.serve(api, reader, context, () => this.#cut());
    if (answer === undefined) return;
    const hasFlexibleHeader = isFlexible && api.hasFlexibleResponseHeader;
    if (gate?.isRefused) {
      return this.#endWith(() => this.#answers.add(correlationId, hasFlexibleHeader, answer));
    }
    gate?.expectNext();
    this.#answers.add(correlationId, hasFlexibleHeader, answer);
  }

  /** Says `lastWords` a little later, so that guessing is slow, and ends. What comes until then is not looked at. */
  #endWith(lastWords: () => void): void {
    log.warn(`Refused ${this.#client}: it could not authenticate itself`);
    this.#lastWords = lastWords;
    this.#watch.restart(this.#state.limits.failedAuthenticationDelayMs);
  }

  /** Says the last words and, the next time, closes: until then the peer can take them. */
  #end(): void {
    if (this.#socket.writableEnded) return this.close();
    this.#lastWords?.();
    this.#flush();
    this.#socket.end();
    this.#watch.restart(this.#state.limits.lingerMs);
  }

  /** An answer that was owed is there; other connections' requests bring that about, too. */
  #onAnswered(): void {
    if (this.#isHandling) return;
    this.#flush();
    if (!this.#hold()) return;
    if (this.#isEnding) this.#endIfAnswered();
    else this.#goOn();
  }

  #flush(): void {
    this.#state.metrics.sentBytes += this.#answers.flush();
  }

  #takesFrames(): boolean {
    return !this.#isClosed && !this.#isEnding && this.#lastWords === undefined;
  }

  #hasRoom(): boolean {
    const { maxInFlightRequests, maxResponseBacklogBytes } = this.#state.limits;
    return this.#answers.owedCount < maxInFlightRequests &&
      this.#sending.pendingBytes + this.#answers.unsentBytes <= maxResponseBacklogBytes;
  }

  /** Reads no more for now. A peer that takes nothing of its answers is closed after a while. */
  #pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#socket.pause();
    this.#watch.paused(this.#sending.pendingBytes > 0);
  }

  #onTaken(): void {
    if (this.#isClosed) return;
    this.#watch.answersTaken();
    this.#hold();
    if (this.#isEnding) this.#endIfAnswered();
    else this.#goOn();
  }

  /** Reads on, when there is room again; first what was received before. */
  #goOn(): void {
    if (!this.#isPaused || this.#isClosed || !this.#hasRoom()) return;
    this.#isPaused = false;
    this.#watch.restart();
    this.#handleFrames();
    if (this.#hasRoom()) this.#socket.resume();
  }

  /** Ends the connection behind what is answered so far. */
  #cut(): void {
    this.#flush();
    this.#isEnding = true;
    this.#socket.pause();
    this.#answers.close();
    this.#endIfAnswered();
  }

  #endIfAnswered(): void {
    if (this.#answers.owedCount > 0 || this.#isClosed) return;
    if (this.#sending.pendingBytes === 0) this.close();
    else if (!this.#sending.isWaiting) this.#socket.destroySoon();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    logConnectionFault(log, this.#client, error);
    this.close();
  }
}
