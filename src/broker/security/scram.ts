/**
 * SCRAM (RFC 5802, RFC 7677), the server's side, without channel binding: both sides show that they know the password,
 * and neither tells it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { FAILED, FOREIGN_AUTHORIZATION_ID, type SaslExchange, type SaslStep } from "./mechanism.ts";
import {
  hash,
  hmac,
  pretendedCredential,
  type ScramCredential,
  type ScramMechanism,
} from "./scram_credential.ts";

const NONCE_BYTES = 24;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** gs2-header, then client-first-message-bare: a name, a nonce, and extensions that are not looked at. */
const CLIENT_FIRST =
  /^(n,(?:a=([^=,\0]|=2C|=3D)+)?,)(n=((?:[^=,\0]|=2C|=3D)+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s;
const AUTHORIZATION_ID = /^n,a=([^,]*),/;
/** client-final-message-without-proof, with the gs2-header again and the whole nonce; then the proof. */
const CLIENT_FINAL =
  /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[A-Za-z]=[^,]*)*?),p=([A-Za-z0-9+/=]+)$/s;

/** The first half is done: what the second must fit. */
interface Challenge {
  readonly username: string;
  readonly credential: ScramCredential;
  readonly gs2Header: string;
  readonly nonce: string;
  /** All that was said so far, as it goes into the proof. */
  readonly said: string;
}

/** See the module. */
export class ScramExchange implements SaslExchange {
  readonly #mechanism: ScramMechanism;
  readonly #credentialOf: (username: string) => ScramCredential | undefined;
  readonly #newNonce: () => string;
  #challenge: Challenge | undefined;

  /** @param newNonce our part of the nonce: printable ASCII without a comma, never to be guessed */
  constructor(
    mechanism: ScramMechanism,
    credentialOf: (username: string) => ScramCredential | undefined,
    newNonce: () => string = () => randomBytes(NONCE_BYTES).toString("base64url"),
  ) {
    this.#newNonce = newNonce;
    this.#mechanism = mechanism;
    this.#credentialOf = credentialOf;
  }

  step(token: Uint8Array): SaslStep {
    const text = textOf(token);
    if (text === undefined) return FAILED;
    return this.#challenge === undefined ? this.#first(text) : this.#final(text, this.#challenge);
  }

  #first(text: string): SaslStep {
    const match = CLIENT_FIRST.exec(text);
    const [, gs2Header, , bare, saslName, clientNonce] = match ?? [];
    if (gs2Header === undefined || bare === undefined || saslName === undefined) return FAILED;
    const username = nameOf(saslName);
    const authorizationId = AUTHORIZATION_ID.exec(gs2Header)?.[1];
    if (authorizationId !== undefined && nameOf(authorizationId) !== username) {
      return FOREIGN_AUTHORIZATION_ID;
    }
    // Who is not known learns so only at the end, as who has a wrong password.
    const credential = this.#credentialOf(username) ?? pretendedCredential(this.#mechanism, username);
    const nonce = `${clientNonce}${this.#newNonce()}`;
    const salt = Buffer.from(credential.salt).toString("base64");
    const serverFirst = `r=${nonce},s=${salt},i=${credential.iterations}`;
    this.#challenge = { username, credential, gs2Header, nonce, said: `${bare},${serverFirst}` };
    return { type: "challenge", bytes: encoder.encode(serverFirst) };
  }

  #final(text: string, { username, credential, gs2Header, nonce, said }: Challenge): SaslStep {
    const [, withoutProof, binding = "", finalNonce, proof = ""] = CLIENT_FINAL.exec(text) ?? [];
    // librdkafka says its own part twice; the proof is over what it says all the same.
    const isFresh = finalNonce?.endsWith(nonce) ?? false;
    if (!isFresh || Buffer.from(binding, "base64").toString() !== gs2Header) return FAILED;
    const authMessage = `${said},${withoutProof}`;
    const signature = hmac(this.#mechanism, credential.storedKey, authMessage);
    const given = Buffer.from(proof, "base64");
    if (given.length !== signature.length) return FAILED;
    const clientKey = signature.map((byte, i) => byte ^ (given[i] ?? 0));
    if (!timingSafeEqual(hash(this.#mechanism, clientKey), credential.storedKey)) return FAILED;
    const serverSignature = Buffer.from(hmac(this.#mechanism, credential.serverKey, authMessage));
    return { type: "done", bytes: encoder.encode(`v=${serverSignature.toString("base64")}`), username };
  }
}

function textOf(token: Uint8Array): string | undefined {
  try {
    return UTF8.decode(token);
  } catch {
    return undefined;
  }
}

function nameOf(saslName: string): string {
  return saslName.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
