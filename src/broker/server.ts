/**
 * The listener: takes connections in, as many as there may be, and closes them all at the end.
 *
 * On node:net rather than on Deno's own sockets, which are as quick, but keep each read in a Set: that leaves a chain of
 * garbage which only a full collection breaks.
 *
 * @module
 */
import { createServer, isIP, type Server as TcpServer, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { describeError } from "../base/errors.ts";
import { within } from "../base/stop.ts";
import { logger } from "../base/log.ts";
import { BufferPool } from "./buffer_pool.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { EncryptedSocket } from "./encrypted_socket.ts";
import { PortInUseError } from "./errors.ts";
import type { Authentication } from "./security/authentication.ts";
import type { BrokerState } from "./state/broker_state.ts";
import { Deadlines } from "./state/deadlines.ts";

const log = logger("broker");

/** Connections that the system keeps until they are taken in. */
const BACKLOG = 511;

/** How long answers that are owed may hold up the end. */
const DRAIN_MS = 1_000;

/** How clients are taken in. */
export interface Reception {
  /** For TLS; undefined for a listener that does not encrypt. */
  readonly secureContext?: SecureContext | undefined;
  /** Undefined where nobody is asked who it is. */
  readonly authentication?: Authentication | undefined;
  /** Where clients are told to come back to. @default where each has reached us */
  readonly advertised?: { readonly hostname: string; readonly port: number } | undefined;
}

/** See the module. */
export class Server implements AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly #server: TcpServer;
  readonly #listenerName: string | undefined;
  readonly #connections = new Set<Connection>();
  readonly #countsByHost = new Map<string, number>();
  #idle: Deadlines | undefined;
  #stopped: Promise<void> | undefined;
  #nextId = 1;

  private constructor(server: TcpServer, listenerName: string | undefined) {
    const address = server.address();
    if (typeof address !== "object" || address === null) {
      throw new TypeError("Cannot tell where the server listens");
    }
    this.hostname = address.address;
    this.port = address.port;
    this.#server = server;
    this.#listenerName = listenerName;
  }

  /**
   * Takes the port. {@linkcode Server.serve} is to follow in the same turn.
   *
   * @throws {PortInUseError}
   */
  static async listen({ hostname, port }: { hostname: string; port: number }): Promise<Server> {
    const server = createServer({ noDelay: true });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host: hostname, port, backlog: BACKLOG }, resolve);
      });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
      throw new PortInUseError(formatAddress(hostname, port), error);
    }
    server.removeAllListeners("error");
    server.on("error", (error) => log.error(`The listener failed: ${describeError(error)}`));
    return new Server(server, isIP(hostname) === 0 ? hostname : undefined);
  }

  /** `host:port`, as clients name it. */
  get address(): string {
    return formatAddress(this.hostname, this.port);
  }

  /** Begins to take connections in. */
  serve(state: BrokerState, reception: Reception = {}): void {
    this.#idle = new Deadlines(state.clock);
    const { secureContext, authentication, advertised } = reception;
    const context = {
      state,
      deadlines: this.#idle,
      buffers: new BufferPool(state.limits.maxBufferedBytes),
      authentication,
      advertised,
      listenerName: this.#listenerName,
    };
    this.#server.on("connection", (socket) => this.#take(socket, secureContext, context));
  }

  /** Takes no more connections, and closes those there are. May be called again. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const connections = [...this.#connections];
    for (const connection of connections) connection.end();
    const ended = Promise.all(connections.map((connection) => connection.closed));
    await within(ended, DRAIN_MS, () => new Error()).catch(() => {});
    for (const connection of connections) connection.close();
    await ended;
    await closed;
    this.#idle?.[Symbol.dispose]();
  }

  #take(socket: Socket, secureContext: SecureContext | undefined, context: ConnectionContext): void {
    const { limits: { maxConnections, maxConnectionsPerIp }, metrics } = context.state;
    const host = socket.remoteAddress ?? "";
    const hostCount = this.#countsByHost.get(host) ?? 0;
    if (this.#stopped !== undefined) return void socket.destroy();
    if (this.#connections.size >= maxConnections || hostCount >= maxConnectionsPerIp) {
      metrics.refusedConnectionsTotal++;
      log.warn(
        `Refused a connection of ${host}: ${this.#connections.size} are open, ${hostCount} of them its`,
      );
      socket.destroy();
      return;
    }
    const stream = secureContext === undefined ? socket : new EncryptedSocket(socket, secureContext);
    const connection = new Connection(this.#nextId++, stream, context);
    this.#connections.add(connection);
    this.#countsByHost.set(host, hostCount + 1);
    connection.closed.then(() => {
      this.#connections.delete(connection);
      const left = (this.#countsByHost.get(host) ?? 0) - 1;
      if (left > 0) this.#countsByHost.set(host, left);
      else this.#countsByHost.delete(host);
    });
  }
}

function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
