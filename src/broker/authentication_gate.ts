/**
 * Stands before the requests of a client that is asked who it is: what it may ask next, in what form, and how large.
 *
 * @module
 */
import { WireError } from "../base/errors.ts";
import { MIN_REQUEST_BYTES } from "../wire/frame.ts";
import type { Limits } from "./limits.ts";
import type { ReceiveBuffer } from "./receive_buffer.ts";
import type { SaslSession } from "./security/sasl_session.ts";

const MIN_TOKEN_BYTES = 1;

/** See the module. */
export class AuthenticationGate {
  readonly #sasl: SaslSession;
  readonly #received: Pick<ReceiveBuffer, "expect">;
  readonly #limits: Pick<Limits, "maxFrameBytes" | "maxUnauthenticatedFrameBytes">;

  /** @param received is told how large the next frame may be */
  constructor(
    sasl: SaslSession,
    received: Pick<ReceiveBuffer, "expect">,
    limits: Pick<Limits, "maxFrameBytes" | "maxUnauthenticatedFrameBytes">,
  ) {
    this.#sasl = sasl;
    this.#received = received;
    this.#limits = limits;
    this.expectNext();
  }

  /** Whether the next frame is a token with no request around it, as after version 0 of SaslHandshake. */
  get takesBareTokens(): boolean {
    return this.#sasl.takesBareTokens;
  }

  /** Whether the client is refused: what it asked last may be answered, nothing else. */
  get isRefused(): boolean {
    return this.#sasl.isRefused;
  }

  /** @throws {WireError} if the client may not ask for an API now */
  admit(apiKey: number): void {
    if (this.#sasl.allows(apiKey)) return;
    throw new WireError(`Cannot serve API ${apiKey} to a client that has not authenticated itself for it`);
  }

  /** Takes a bare token. @returns the answer to it, undefined when the client is refused */
  takeToken(token: Uint8Array): Uint8Array | undefined {
    const step = this.#sasl.authenticate(token)?.step;
    if (step === undefined || step.type === "failed") return undefined;
    this.expectNext();
    return step.bytes;
  }

  /** To be called when a request was handled: the next frame may be of another size. */
  expectNext(): void {
    const { maxFrameBytes, maxUnauthenticatedFrameBytes } = this.#limits;
    this.#received.expect(
      this.#sasl.takesBareTokens ? MIN_TOKEN_BYTES : MIN_REQUEST_BYTES,
      this.#sasl.username === undefined ? maxUnauthenticatedFrameBytes : maxFrameBytes,
    );
  }
}
