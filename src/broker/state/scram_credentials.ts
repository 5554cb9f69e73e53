/**
 * The SCRAM credentials that were set by AlterUserScramCredentials, kept in a journal. No password is in it, nor what
 * stands for one: only what checks it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { SCRAM_MECHANISMS, type ScramCredential, type ScramMechanism } from "../security/scram_credential.ts";
import { type Change, Journal } from "./journal.ts";
import type { Storage } from "./storage.ts";

const PATH = "journals/scram_credentials.log";

/** As the journal has it: all in base64, but the iterations. */
type Line = readonly [salt: string, storedKey: string, serverKey: string, iterations: number];

/** A change: what a user's credential is from now on, or undefined for none. */
export interface ScramChange {
  readonly username: string;
  readonly mechanism: ScramMechanism;
  readonly credential: ScramCredential | undefined;
}

/** See the module. */
export class ScramCredentials {
  readonly #journal: Journal<Line>;
  readonly #users = new Map<string, Map<ScramMechanism, ScramCredential>>();
  #size = 0;

  /** @throws {StorageError} */
  constructor(storage: Storage) {
    this.#journal = new Journal(storage, PATH);
  }

  /** Reads what was set before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    return this.#journal.replay(parseLine, ([key, line]) => {
      const change = changeOf(key, line);
      if (change !== undefined) this.#apply(change);
    });
  }

  /** Credentials, over all users. */
  get size(): number {
    return this.#size;
  }

  usernames(): Iterable<string> {
    return this.#users.keys();
  }

  ofUser(username: string): ReadonlyMap<ScramMechanism, ScramCredential> | undefined {
    return this.#users.get(username);
  }

  get(username: string, mechanism: ScramMechanism): ScramCredential | undefined {
    return this.#users.get(username)?.get(mechanism);
  }

  /** Keeps changes, all or none. @throws {StorageError} nothing was kept */
  change(changes: readonly ScramChange[]): void {
    this.#journal.append(changes.map(lineOf));
    for (const change of changes) this.#apply(change);
    this.#journal.compact(this.#size, () => this.#lines());
  }

  sync(): Promise<void> {
    return this.#journal.sync();
  }

  #apply({ username, mechanism, credential }: ScramChange): void {
    const credentials = this.#users.get(username) ?? new Map<ScramMechanism, ScramCredential>();
    this.#size -= credentials.size;
    if (credential === undefined) credentials.delete(mechanism);
    else credentials.set(mechanism, credential);
    this.#size += credentials.size;
    if (credentials.size === 0) this.#users.delete(username);
    else this.#users.set(username, credentials);
  }

  *#lines(): Iterable<Change<Line>> {
    for (const [username, credentials] of this.#users) {
      for (const [mechanism, credential] of credentials) yield lineOf({ username, mechanism, credential });
    }
  }
}

function lineOf({ username, mechanism, credential }: ScramChange): Change<Line> {
  const key = JSON.stringify([username, mechanism]);
  if (credential === undefined) return [key, null];
  const [salt, storedKey, serverKey] = [credential.salt, credential.storedKey, credential.serverKey].map(
    (bytes) => Buffer.from(bytes).toString("base64"),
  );
  return [key, [salt ?? "", storedKey ?? "", serverKey ?? "", credential.iterations]];
}

function changeOf(key: string, line: Line | null): ScramChange | undefined {
  const parsed: unknown = JSON.parse(key);
  if (!Array.isArray(parsed)) return undefined;
  const [username, name]: unknown[] = parsed;
  const mechanism = SCRAM_MECHANISMS.find((known) => known === name);
  if (typeof username !== "string" || mechanism === undefined) return undefined;
  return { username, mechanism, credential: line === null ? undefined : credentialOfLine(line) };
}

function credentialOfLine([salt, storedKey, serverKey, iterations]: Line): ScramCredential {
  return {
    salt: Buffer.from(salt, "base64"),
    storedKey: Buffer.from(storedKey, "base64"),
    serverKey: Buffer.from(serverKey, "base64"),
    iterations,
  };
}

function parseLine(value: unknown): Line | undefined {
  if (!Array.isArray(value)) return undefined;
  const [salt, storedKey, serverKey, iterations]: unknown[] = value;
  if (typeof salt !== "string" || typeof storedKey !== "string" || typeof serverKey !== "string") {
    return undefined;
  }
  return typeof iterations === "number" ? [salt, storedKey, serverKey, iterations] : undefined;
}
