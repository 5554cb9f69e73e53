/**
 * What a client does for SCRAM (RFC 5802), of its own.
 *
 * @module
 */
import { pbkdf2Sync } from "node:crypto";

/** `SaltedPassword`, as AlterUserScramCredentials takes it. */
export function saltedPasswordOf(
  mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512",
  password: string,
  salt: Uint8Array,
  iterations: number,
): Uint8Array {
  const [size, name] = mechanism === "SCRAM-SHA-256" ? [32, "sha256"] : [64, "sha512"];
  return pbkdf2Sync(password, salt, iterations, size as number, name as string);
}
