/**
 * How a listener is kept safe: TLS, SASL, and that it does not listen to the world without asking who it is.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import { ConfigError, describeError } from "../../base/errors.ts";
import { isLoopback } from "../../base/loopback.ts";
import type { SaslSettings } from "./authentication.ts";
import { SASL_MECHANISMS, type SaslMechanism } from "./mechanism.ts";
import { readUsersFile } from "./users_file.ts";

/** Options of a listener. All of it is plain data. */
export interface SecurityOptions {
  /** PEM files: the certificate with those above it, and its key. Without them nothing is encrypted. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Without it nobody is asked who it is. */
  readonly sasl?: SaslOptions;
  /** Whether it may listen beyond loopback and yet ask nobody who it is. @default {false} */
  readonly insecure?: boolean;
}

/** How clients are asked who they are. */
export interface SaslOptions {
  /** @default all */
  readonly mechanisms?: readonly SaslMechanism[];
  /** Passwords by name. */
  readonly users?: Readonly<Record<string, string>>;
  /** A file with more of them: see users_file.ts. */
  readonly usersFile?: string;
}

/** Options that were read, and are right. */
export interface Security {
  readonly secureContext: SecureContext | undefined;
  readonly sasl: SaslSettings | undefined;
}

/** Reads the files of `options`, and holds them against where the broker is to listen. @throws {ConfigError} */
export function readSecurity(hostname: string, options: SecurityOptions): Security {
  const { tls, sasl, insecure = false } = options;
  if (sasl === undefined && !insecure && !isLoopback(hostname)) {
    throw new ConfigError([
      `Cannot listen on ${hostname} as nobody is asked who it is: name users (--users), or be --insecure`,
    ]);
  }
  return { secureContext: tls && secureContextOf(tls), sasl: sasl && saslSettingsOf(sasl) };
}

function secureContextOf({ certFile, keyFile }: { certFile: string; keyFile: string }): SecureContext {
  try {
    return createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  } catch (error) {
    const files = `the certificate '${certFile}' with the key '${keyFile}'`;
    throw new ConfigError([`Cannot take ${files}: ${describeError(error)}`]);
  }
}

function saslSettingsOf(options: SaslOptions): SaslSettings {
  const { mechanisms = SASL_MECHANISMS, users = {}, usersFile } = options;
  if (mechanisms.length === 0) throw new ConfigError(["Cannot ask by SASL without a mechanism"]);
  const all = new Map([
    ...Object.entries(users),
    ...(usersFile === undefined ? [] : readUsersFile(usersFile)),
  ]);
  if (all.size === 0 && mechanisms.includes("PLAIN")) {
    throw new ConfigError(["Cannot ask by SASL PLAIN without users"]);
  }
  return { mechanisms, users: all };
}
