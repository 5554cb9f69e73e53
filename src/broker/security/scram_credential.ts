/**
 * What a broker keeps of a password for SCRAM (RFC 5802, RFC 7677): enough to check a client, too little to be one.
 *
 * @module
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** By Kafka's names. */
export const SCRAM_MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type ScramMechanism = typeof SCRAM_MECHANISMS[number];

/** A mechanism's number in Kafka's messages. */
export function codeOf(mechanism: ScramMechanism): number {
  return SCRAM_MECHANISMS.indexOf(mechanism) + 1;
}

/** The mechanism of a number; undefined for one that Kafka does not have. */
export function mechanismOf(code: number): ScramMechanism | undefined {
  return SCRAM_MECHANISMS[code - 1];
}

/** Rounds of PBKDF2: as few, and as many, as Kafka takes. */
export const MIN_ITERATIONS = 4096;
export const MAX_ITERATIONS = 16_384;

const SALT_BYTES = 20;

const HASHES: Readonly<Record<ScramMechanism, { readonly name: string; readonly sizeBytes: number }>> = {
  "SCRAM-SHA-256": { name: "sha256", sizeBytes: 32 },
  "SCRAM-SHA-512": { name: "sha512", sizeBytes: 64 },
};

/** See the module. */
export interface ScramCredential {
  readonly salt: Uint8Array;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
  readonly iterations: number;
}

export function hash(mechanism: ScramMechanism, data: Uint8Array): Uint8Array {
  return createHash(HASHES[mechanism].name).update(data).digest();
}

export function hmac(mechanism: ScramMechanism, key: Uint8Array, data: string): Uint8Array {
  return createHmac(HASHES[mechanism].name, key).update(data).digest();
}

/** Of a password that was salted already, as clients send it. */
export function credentialOf(
  mechanism: ScramMechanism,
  { salt, saltedPassword, iterations }: { salt: Uint8Array; saltedPassword: Uint8Array; iterations: number },
): ScramCredential {
  const storedKey = hash(mechanism, hmac(mechanism, saltedPassword, "Client Key"));
  return { salt, storedKey, serverKey: hmac(mechanism, saltedPassword, "Server Key"), iterations };
}

/** Of a password in the clear, with a salt of its own. Takes some milliseconds: it is meant to. */
export function deriveCredential(mechanism: ScramMechanism, password: string): ScramCredential {
  const { name, sizeBytes } = HASHES[mechanism];
  const salt = randomBytes(SALT_BYTES);
  const saltedPassword = pbkdf2Sync(password, salt, MIN_ITERATIONS, sizeBytes, name);
  return credentialOf(mechanism, { salt, saltedPassword, iterations: MIN_ITERATIONS });
}

/** What a user who is not there gets to see: always the same, and no password fits it. */
export function pretendedCredential(mechanism: ScramMechanism, username: string): ScramCredential {
  const { sizeBytes } = HASHES[mechanism];
  const salt = hmac(mechanism, PRETENCE, username).slice(0, SALT_BYTES);
  return {
    salt,
    storedKey: randomBytes(sizeBytes),
    serverKey: randomBytes(sizeBytes),
    iterations: MIN_ITERATIONS,
  };
}

const PRETENCE = randomBytes(32);
