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
import { type RawRequest, REQUEST_TIMEOUT_MS, RequestOnItsWay } from "./raw_request.ts";
import { openSocket } from "./socket.ts";

/** Bounds the socket's connect, TLS and ApiVersions. */
const CONNECT_TIMEOUT_MS = 5_000;
const AUTHENTICATION_TIMEOUT_MS = 10_000;

const silent: Logger = { namespace: () => silent, debug() {}, info() {}, warn() {}, error() {} };

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
   * Sends an encoded request and resolves with the answer's body. `action` begins the error's message.
   *
   * @throws {KafkaError} NETWORK_EXCEPTION or REQUEST_TIMED_OUT, and the link is down
   */
  send(action: string, request: RawRequest): Promise<Buffer> {
    const { sasl } = this.#connection;
    if (sasl === null || this.#connection.isAuthenticated()) return this.#send(action, request);
    return this.#guard(action, async () => {
      await this.#connection.authenticate();
      return await this.#send(action, request);
    });
  }

  // No async function: there is one of these for every batch and every poll.
  #send(action: string, request: RawRequest): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        const told = this.#tell(action, error);
        reject(told);
        // Only now: it fails all that is on its way, and the first reason is the one to be told.
        this.#closeAfter(told);
      };
      if (!this.isUp) return fail(this.#downError(action));
      try {
        new RequestOnItsWay(action, this.#connection, request, resolve, fail).start();
      } catch (error) {
        fail(error);
      }
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
      const told = this.#tell(action, error);
      this.#closeAfter(told);
      throw told;
    }
  }

  #tell(action: string, error: unknown): KafkaError {
    return toKafkaError(error, { action, secret: this.#secret });
  }

  #closeAfter(told: KafkaError): void {
    if (isConnectionFault(told)) this.close();
  }
}
