/**
 * Who may come in by SASL: the users of the file, and those with SCRAM credentials of their own.
 *
 * @module
 */
import type { ScramCredentials } from "../state/scram_credentials.ts";
import type { SaslExchange, SaslMechanism } from "./mechanism.ts";
import { PlainExchange } from "./plain.ts";
import { ScramExchange } from "./scram.ts";
import { deriveCredential, type ScramCredential, type ScramMechanism } from "./scram_credential.ts";
import type { Users } from "./users_file.ts";

/** How clients are asked who they are. */
export interface SaslSettings {
  readonly mechanisms: readonly SaslMechanism[];
  /** For all mechanisms. A SCRAM credential that was set for one of them goes before the password here. */
  readonly users: Users;
}

/** See the module. */
export class Authentication {
  readonly mechanisms: readonly SaslMechanism[];
  /** How long an authentication holds; 0 for ever. */
  readonly maxReauthMs: number;
  readonly #users: Users;
  readonly #credentials: ScramCredentials;
  /** Of the users of the file, when they were first asked for. */
  readonly #derived = new Map<string, ScramCredential>();

  constructor({ mechanisms, users }: SaslSettings, credentials: ScramCredentials, maxReauthMs: number) {
    this.mechanisms = mechanisms;
    this.maxReauthMs = maxReauthMs;
    this.#users = users;
    this.#credentials = credentials;
  }

  /** An exchange by a mechanism; undefined for one that is not enabled. */
  begin(name: string): { mechanism: SaslMechanism; exchange: SaslExchange } | undefined {
    const mechanism = this.mechanisms.find((enabled) => enabled === name);
    switch (mechanism) {
      case undefined:
        return undefined;
      case "PLAIN":
        return { mechanism, exchange: new PlainExchange((username) => this.#users.get(username)) };
      case "SCRAM-SHA-256":
      case "SCRAM-SHA-512":
        return {
          mechanism,
          exchange: new ScramExchange(mechanism, (name) => this.#credentialOf(mechanism, name)),
        };
    }
  }

  #credentialOf(mechanism: ScramMechanism, username: string): ScramCredential | undefined {
    const own = this.#credentials.get(username, mechanism);
    const password = this.#users.get(username);
    if (own !== undefined || password === undefined) return own;
    const key = `${mechanism} ${username}`;
    let credential = this.#derived.get(key);
    if (credential === undefined) this.#derived.set(key, credential = deriveCredential(mechanism, password));
    return credential;
  }
}
