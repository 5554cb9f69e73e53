/**
 * One connection to one broker. A link that failed is never mended: its owner takes a new one.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import {
  type ApiVersions,
  type Broker,
  type Connection,
  KafkajsBroker,
  KafkajsConnectionPool,
  type Logger,
} from "./kafkajs_internals.ts";
import "./patches.ts";
import { isConnectionFault, KafkaError, toKafkaError } from "./errors.ts";
import type { KafkaSettings } from "./settings.ts";
import { untilAborted } from "../base/stop.ts";
import { openSocket } from "./socket.ts";

/** Bounds the socket's connect, TLS and ApiVersions. */
const CONNECT_TIMEOUT_MS = 5_000;
const AUTHENTICATION_TIMEOUT_MS = 10_000;
/** How long a request may stay unanswered, beyond what the broker was asked to wait. */
export const REQUEST_TIMEOUT_MS = 10_000;

const silent: Logger = { namespace: () => silent, debug() {}, info() {}, warn() {}, error() {} };

/** A request that is encoded here rather than by kafkajs: a whole frame, its correlation id still 0. */
export interface RawRequest {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  /** Size, header and body; the correlation id stands at {@linkcode CORRELATION_ID_AT}. */
  readonly frame: Uint8Array;
  readonly timeoutMs: number;
}

/** Where a frame holds its correlation id: behind size, API key and API version. */
export const CORRELATION_ID_AT = 8;

/** See the module. */
export class Link implements Disposable {
  /** `host:port`. */
  readonly address: string;
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #secret: string | undefined;
  #isDown = false;

  private constructor(settings: KafkaSettings, host: string, port: number, versions: ApiVersions | null) {
    const { securityProtocol, sasl, ca, clientId } = settings;
    this.address = `${host}:${port}`;
    this.#secret = sasl?.password;
    const connectionPool = new KafkajsConnectionPool({
      host,
      port,
      ssl: securityProtocol.endsWith("SSL") ? (ca === undefined ? {} : { ca }) : null,
      sasl: securityProtocol.startsWith("SASL") && sasl !== undefined
        ? { mechanism: sasl.mechanism.toLowerCase(), username: sasl.username, password: sasl.password }
        : null,
      clientId,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
      maxInFlightRequests: null,
      socketFactory: openSocket,
      logger: silent,
    });
    this.#connection = connectionPool.pool[0];
    this.#broker = new KafkajsBroker({
      connectionPool,
      logger: silent,
      nodeId: null,
      versions,
      authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
      allowAutoTopicCreation: false,
    });
  }

  /**
   * Connects, learns the API versions (unless `versions` are known) and authenticates.
   *
   * @throws {KafkaError} NETWORK_EXCEPTION, REQUEST_TIMED_OUT, SASL_AUTHENTICATION_FAILED, UNSUPPORTED_SASL_MECHANISM
   * @throws the signal's reason, and the connection is closed
   */
  static async open(
    settings: KafkaSettings,
    host: string,
    port: number,
    versions: ApiVersions | null,
    signal: AbortSignal,
  ): Promise<Link> {
    const link = new Link(settings, host, port, versions);
    const giveUp = () => link.close();
    signal.addEventListener("abort", giveUp);
    try {
      const connecting = link.#guard(
        `Cannot connect to Kafka at ${link.address}`,
        () => link.#broker.connect(),
      );
      await untilAborted(connecting, signal);
      return link;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** What the broker speaks. */
  get versions(): ApiVersions | null {
    return this.#broker.versions;
  }

  /** Whether requests can still be sent. */
  get isUp(): boolean {
    return !this.#isDown && this.#connection.isConnected();
  }

  /**
   * Asks through one of kafkajs's own requests. `action` begins the error's message.
   *
   * @throws {KafkaError} whatever the broker answered, or NETWORK_EXCEPTION and the link is down
   */
  call<T>(action: string, ask: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#guard(action, () => {
      if (!this.isUp) throw this.#downError(action);
      return ask(this.#broker);
    });
  }

  /**
   * Sends an encoded request and resolves with the answer's body.
   *
   * @throws {KafkaError} NETWORK_EXCEPTION or REQUEST_TIMED_OUT, and the link is down
   */
  send(action: string, request: RawRequest): Promise<Buffer> {
    return this.#guard(action, async () => {
      if (this.#connection.sasl !== null && !this.#connection.isAuthenticated()) {
        await this.#connection.authenticate();
      }
      if (!this.isUp) throw this.#downError(action);
      const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
        const { apiKey, apiName, apiVersion, frame, timeoutMs } = request;
        const correlationId = this.#connection.nextCorrelationId();
        new DataView(frame.buffer, frame.byteOffset).setInt32(CORRELATION_ID_AT, correlationId);
        this.#connection.requestQueue.push({
          entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
          expectResponse: true,
          requestTimeout: timeoutMs,
          sendRequest: () => {
            this.#connection.socket?.write(frame);
          },
        });
      });
      return payload;
    });
  }

  /** Honours a broker's `throttleTimeMs` (KIP-219). */
  throttle(throttleTimeMs: number): void {
    if (throttleTimeMs > 0) this.#connection.requestQueue.maybeThrottle(throttleTimeMs);
  }

  /** Ends the connection at once. What still waits for an answer fails with NETWORK_EXCEPTION. */
  close(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    const { requestQueue, socket } = this.#connection;
    requestQueue.rejectAll(this.#downError("Request given up"));
    requestQueue.destroy();
    this.#connection.connectionStatus = "disconnected";
    socket?.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #downError(action: string): KafkaError {
    return new KafkaError("NETWORK_EXCEPTION", `${action}: the connection to ${this.address} is closed`, {
      retriable: true,
    });
  }

  async #guard<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const told = toKafkaError(error, { action, secret: this.#secret });
      if (isConnectionFault(told)) this.close();
      throw told;
    }
  }
}
