/**
 * Where a connection stands in SASL: what it may ask, and who it turned out to be. Kafka's states (KIP-43, KIP-152, and
 * KIP-368 for an authentication that holds for a time): ApiVersions once, SaslHandshake, then the mechanism's tokens, in
 * SaslAuthenticate or, after version 0 of the handshake, bare.
 *
 * @module
 */
import type { Clock } from "../state/clock.ts";
import type { Authentication } from "./authentication.ts";
import type { SaslExchange, SaslMechanism, SaslStep } from "./mechanism.ts";

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

type State =
  | { readonly type: "start" }
  | { readonly type: "versions-told" }
  | {
    readonly type: "exchange";
    readonly mechanism: SaslMechanism;
    readonly exchange: SaslExchange;
    /** Whether tokens come without a request around them. */
    readonly isBare: boolean;
  }
  | { readonly type: "done" }
  | { readonly type: "refused" };

/** An answer to SaslAuthenticate. */
export interface SaslOutcome {
  readonly step: SaslStep;
  /** How long it holds; 0 for ever, or where it is not done. */
  readonly sessionLifetimeMs: number;
}

/** See the module. */
export class SaslSession {
  readonly #authentication: Authentication;
  readonly #clock: Clock;
  #state: State = { type: "start" };
  #username: string | undefined;
  #mechanism: SaslMechanism | undefined;
  #expiresMs = Infinity;

  constructor(authentication: Authentication, clock: Clock) {
    this.#authentication = authentication;
    this.#clock = clock;
  }

  get mechanisms(): readonly SaslMechanism[] {
    return this.#authentication.mechanisms;
  }

  /** Who it is, once that is known. */
  get username(): string | undefined {
    return this.#username;
  }

  /** Whether the connection is to be closed, once what it asked last is answered. */
  get isRefused(): boolean {
    return this.#state.type === "refused";
  }

  /** Whether what comes next is a token without a request around it. */
  get takesBareTokens(): boolean {
    return this.#state.type === "exchange" && this.#state.isBare;
  }

  /** Whether an API may be asked for now. */
  allows(apiKey: number): boolean {
    switch (this.#state.type) {
      case "start":
        return apiKey === API_VERSIONS || apiKey === SASL_HANDSHAKE;
      case "versions-told":
        return apiKey === SASL_HANDSHAKE;
      case "exchange":
        return apiKey === API_VERSIONS || apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE;
      case "done":
        return apiKey === SASL_HANDSHAKE || this.#clock.nowMs() < this.#expiresMs;
      case "refused":
        return false;
    }
  }

  /** ApiVersions was answered. @returns false if it may not be now */
  toldVersions(): boolean {
    if (this.#state.type === "start") this.#state = { type: "versions-told" };
    if (this.#state.type !== "exchange") return true;
    this.refuse();
    return false;
  }

  /** Begins with a mechanism. @returns why not, if it may not be, or the broker does not have it */
  handshake(name: string, apiVersion: number): "illegal-state" | "unsupported-mechanism" | undefined {
    const isAgain = this.#state.type === "done";
    // Kafka, too, knows no second authentication where the first holds for ever.
    if (isAgain && this.#expiresMs === Infinity) return "illegal-state";
    if (this.#state.type === "exchange") {
      this.refuse();
      return "illegal-state";
    }
    const begun = this.#authentication.begin(name);
    if (begun === undefined || isAgain && begun.mechanism !== this.#mechanism) {
      this.refuse();
      return "unsupported-mechanism";
    }
    this.#state = { type: "exchange", ...begun, isBare: apiVersion === 0 };
    return undefined;
  }

  /** Takes a mechanism's token. Undefined where none is awaited. */
  authenticate(token: Uint8Array): SaslOutcome | undefined {
    const state = this.#state;
    if (state.type !== "exchange") return undefined;
    let step = state.exchange.step(token);
    if (step.type === "done" && this.#username !== undefined && step.username !== this.#username) {
      step = { type: "failed", message: "Cannot change principals during re-authentication" };
    }
    switch (step.type) {
      case "challenge":
        return { step, sessionLifetimeMs: 0 };
      case "failed": {
        this.refuse();
        const message = step.message ??
          `Authentication failed during authentication due to invalid credentials with SASL mechanism ${state.mechanism}`;
        return { step: { type: "failed", message }, sessionLifetimeMs: 0 };
      }
      case "done": {
        const { maxReauthMs } = this.#authentication;
        this.#username = step.username;
        this.#mechanism = state.mechanism;
        this.#expiresMs = maxReauthMs > 0 ? this.#clock.nowMs() + maxReauthMs : Infinity;
        this.#state = { type: "done" };
        return { step, sessionLifetimeMs: maxReauthMs };
      }
    }
  }

  refuse(): void {
    this.#state = { type: "refused" };
  }
}
