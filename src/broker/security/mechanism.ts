/**
 * The SASL mechanisms, and what an exchange of one is.
 *
 * @module
 */

/** By Kafka's names. */
export const SASL_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type SaslMechanism = typeof SASL_MECHANISMS[number];

/** What a client's token comes to. */
export type SaslStep =
  | { readonly type: "challenge"; readonly bytes: Uint8Array }
  | { readonly type: "done"; readonly bytes: Uint8Array; readonly username: string }
  /** `message` is told to the client: Kafka's own words; undefined for those that tell nothing. */
  | { readonly type: "failed"; readonly message: string | undefined };

/** One exchange by a mechanism: the client speaks first. */
export interface SaslExchange {
  step(token: Uint8Array): SaslStep;
}

/** A failure whose reason is not told, as it would help who guesses. */
export const FAILED: SaslStep = { type: "failed", message: undefined };

/** Who asks to act for another: nobody may. */
export const FOREIGN_AUTHORIZATION_ID: SaslStep = {
  type: "failed",
  message: "Authentication failed: Client requested an authorization id that is different from username",
};
