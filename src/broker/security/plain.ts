/**
 * SASL PLAIN (RFC 4616): a name and a password, in the clear.
 *
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { FOREIGN_AUTHORIZATION_ID, type SaslExchange, type SaslStep } from "./mechanism.ts";

const PARTS = 3;
const NOTHING = new Uint8Array();
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What nobody's password is: an unknown user is compared with it, so that it takes as long. */
const NO_PASSWORD = randomBytes(32).toString("hex");

/** See the module. */
export class PlainExchange implements SaslExchange {
  readonly #passwordOf: (username: string) => string | undefined;

  constructor(passwordOf: (username: string) => string | undefined) {
    this.#passwordOf = passwordOf;
  }

  step(token: Uint8Array): SaslStep {
    const parts = partsOf(token);
    if (parts?.length !== PARTS) {
      return failed(`Invalid SASL/PLAIN response: expected ${PARTS} tokens, got ${parts?.length ?? 0}`);
    }
    const [authorizationId = "", username = "", password = ""] = parts;
    if (username === "") return failed("Authentication failed: username not specified");
    if (password === "") return failed("Authentication failed: password not specified");
    const expected = this.#passwordOf(username);
    const isRight = isSame(password, expected ?? NO_PASSWORD) && expected !== undefined;
    if (!isRight) return failed("Authentication failed: Invalid username or password");
    if (authorizationId !== "" && authorizationId !== username) return FOREIGN_AUTHORIZATION_ID;
    return { type: "done", bytes: NOTHING, username };
  }
}

function failed(message: string): SaslStep {
  return { type: "failed", message };
}

function partsOf(token: Uint8Array): string[] | undefined {
  try {
    return UTF8.decode(token).split("\0");
  } catch {
    return undefined;
  }
}

/** In a time that tells neither where they differ nor how long they are. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
