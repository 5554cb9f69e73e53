/**
 * Who is at the other end of a connection, and where it reached us.
 *
 * @module
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ANONYMOUS, type ClientConnection } from "./api.ts";
import type { SaslSession } from "./security/sasl_session.ts";

/** Where a listener is, for clients. */
export interface ListenerAddress {
  /** Where clients are told to come back to; undefined to tell each where it reached us. */
  readonly advertised: { readonly hostname: string; readonly port: number } | undefined;
  /** What the listener is called, if that is more than an address. */
  readonly listenerName: string | undefined;
}

/** See the module. */
export class ConnectedClient implements ClientConnection {
  readonly id: number;
  readonly sasl: SaslSession | undefined;
  readonly groupIds = new Set<string>();
  readonly remoteHost: string;
  readonly #socket: Socket;
  readonly #listener: ListenerAddress;

  constructor(id: number, socket: Socket, sasl: SaslSession | undefined, listener: ListenerAddress) {
    this.id = id;
    this.sasl = sasl;
    this.remoteHost = plainAddress(socket.remoteAddress);
    this.#socket = socket;
    this.#listener = listener;
  }

  /** Whether it has said who it is, or is not asked. */
  get isKnown(): boolean {
    return this.sasl === undefined || this.sasl.username !== undefined;
  }

  get principal(): string {
    return this.sasl?.username === undefined ? ANONYMOUS : `User:${this.sasl.username}`;
  }

  get localHost(): string {
    const { advertised, listenerName } = this.#listener;
    if (advertised !== undefined) return advertised.hostname;
    const address = plainAddress(this.#socket.localAddress);
    if (!(this.#socket instanceof TLSSocket)) return address;
    // A name that a certificate can be for: the one that the client asked for, else the listener's own.
    const { servername } = this.#socket as TLSSocket & { servername?: string | false };
    return servername ? servername : listenerName ?? address;
  }

  get localPort(): number {
    return this.#listener.advertised?.port ?? this.#socket.localPort ?? 0;
  }

  /** How it is named in the log. */
  toString(): string {
    return `${this.remoteHost} (connection ${this.id})`;
  }
}

/** An IPv4 address as such, also where a listener on IPv6 took it in. */
function plainAddress(address = ""): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
