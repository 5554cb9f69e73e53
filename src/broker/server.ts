/**
 * The listener: takes connections in, as many as there may be, and closes them all at the end.
 *
 * @module
 */
import { describeError } from "../base/errors.ts";
import { logger } from "../base/log.ts";
import { sleep } from "../base/stop.ts";
import { Connection } from "./connection.ts";
import { PortInUseError } from "./errors.ts";
import type { BrokerState } from "./state/broker_state.ts";
import { Deadlines } from "./state/deadlines.ts";

const log = logger("broker");

/** After a failed accept, as when the process has no file descriptor left. */
const ACCEPT_RETRY_MS = 100;

/** See the module. Deno's own sockets: as quick as node:net here, and they read only when asked to. */
export class Server implements AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #closing = new AbortController();
  #accepting: Promise<void> = Promise.resolve();
  #nextId = 1;

  private constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    this.hostname = listener.addr.hostname;
    this.port = listener.addr.port;
  }

  /**
   * Takes the port. Connections wait until {@linkcode Server.serve}.
   *
   * @throws {PortInUseError}
   */
  static listen(options: { hostname: string; port: number }): Server {
    try {
      return new Server(Deno.listen(options));
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      throw new PortInUseError(formatAddress(options.hostname, options.port), error);
    }
  }

  /** `host:port`, as clients name it. */
  get address(): string {
    return formatAddress(this.hostname, this.port);
  }

  get connectionsCount(): number {
    return this.#connections.size;
  }

  /** Begins to take connections in. */
  serve(state: BrokerState): void {
    this.#accepting = this.#accept(state);
  }

  /** Takes no more connections, and closes those there are. May be called again. */
  async stop(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#listener.close();
    }
    await this.#accepting;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #accept(state: BrokerState): Promise<void> {
    using idle = new Deadlines(state.clock);
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        this.#take(await this.#listener.accept(), state, idle);
      } catch (error) {
        if (signal.aborted) break;
        log.warn(`Cannot take a connection: ${describeError(error)}`);
        await sleep(ACCEPT_RETRY_MS, signal).catch(() => {});
      }
    }
    await Promise.all([...this.#connections].map(([connection, done]) => {
      connection.close();
      return done;
    }));
  }

  #take(conn: Deno.TcpConn, state: BrokerState, idle: Deadlines): void {
    if (this.#connections.size >= state.limits.maxConnections) {
      log.warn(`Refused a connection: ${state.limits.maxConnections} are open`);
      return conn.close();
    }
    const connection = new Connection(this.#nextId++, conn, state, idle);
    this.#connections.set(connection, connection.run().finally(() => this.#connections.delete(connection)));
  }
}

function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
