/**
 * Users and their passwords from a file: JSON, `{"alice": "her password"}`, or lines as of Java's properties,
 * `alice=her password`, where those that begin with `#` or `!` say nothing. JSON is what begins with a brace.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { ConfigError, describeError } from "../../base/errors.ts";

/** Passwords by name. */
export type Users = ReadonlyMap<string, string>;

/** Reads a file of users. @throws {ConfigError} without a password in it */
export function readUsersFile(path: string): Users {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError([`Cannot read the users of '${path}': ${describeError(error)}`]);
  }
  return parseUsers(text, path);
}

/** @param path where `text` is from, for errors @throws {ConfigError} without a password in it */
export function parseUsers(text: string, path: string): Users {
  const entries = text.trimStart().startsWith("{") ? ofJson(text, path) : ofLines(text, path);
  const users = new Map<string, string>();
  for (const [where, name, password] of entries) {
    const fault = name === "" ? "a name is empty" : password === "" ? `'${name}' has no password` : undefined;
    if (fault !== undefined) throw refuse(path, where, fault);
    if (users.has(name)) throw refuse(path, where, `'${name}' is there twice`);
    users.set(name, password);
  }
  if (users.size === 0) throw new ConfigError([`Cannot take the users of '${path}': there are none`]);
  return users;
}

type Entry = readonly [where: string, name: string, password: string];

function ofJson(text: string, path: string): Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own words quote the text, and so a password.
    throw new ConfigError([`Cannot take the users of '${path}': it is not JSON`]);
  }
  if (typeof parsed !== "object" || parsed === null) return [];
  return Object.entries(parsed).map(([name, password]: [string, unknown]) => {
    if (typeof password !== "string") throw refuse(path, "", `the password of '${name}' is not a string`);
    return ["", name, password];
  });
}

function ofLines(text: string, path: string): Entry[] {
  return text.split(/\r?\n/).flatMap((line, i): Entry[] => {
    const trimmed = line.trim();
    if (trimmed === "" || /^[#!]/.test(trimmed)) return [];
    const where = ` line ${i + 1}`;
    const at = trimmed.indexOf("=");
    if (at < 0) throw refuse(path, where, "it is not NAME=PASSWORD");
    return [[where, trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim()]];
  });
}

function refuse(path: string, where: string, reason: string): ConfigError {
  return new ConfigError([`Cannot take the users of '${path}'${where}: ${reason}`]);
}
