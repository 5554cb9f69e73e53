/**
 * A TLS stream over a socket that was taken in. Deno's own (2.9) reads on while it is paused, and keeps what comes: a
 * peer could fill the memory by it. So the socket below is stopped with it.
 *
 * @module
 */
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";

/** What a socket reads by: neither Node nor Deno has it in its types. */
interface ReadingSocket extends Socket {
  readonly _handle?: { readStart(): void; readStop(): void } | null;
}

/** See the module. */
export class EncryptedSocket extends TLSSocket {
  readonly #transport: ReadingSocket;

  constructor(transport: Socket, secureContext: SecureContext) {
    super(transport, { isServer: true, secureContext });
    this.#transport = transport;
    transport.on("error", (error) => this.destroy(error));
  }

  override pause(): this {
    if (#transport in this) this.#transport._handle?.readStop();
    return super.pause();
  }

  override resume(): this {
    if (#transport in this) this.#transport._handle?.readStart();
    return super.resume();
  }
}
