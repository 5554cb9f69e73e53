/**
 * How the values of flags are read.
 *
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import { type BrainSpec, parseBrain } from "../demos/chat/brains/spec.ts";
import { parseDurationMs } from "../demos/chat/duration.ts";
import { nameFault } from "../demos/chat/names.ts";
import { describeError } from "../base/errors.ts";

const MAX_INT32 = 2 ** 31 - 1;
/** No wait is longer: a timer could not be. */
const MAX_DURATION_MS = MAX_INT32;

/** `30s`, `500ms`, `2m`, in milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > MAX_DURATION_MS) {
    throw new InvalidArgumentError(`'${text}' is not a span of time such as 500ms, 30s or 2m.`);
  }
  return ms;
}

/** `--timeout SPAN`. */
export function timeoutOption(byDefault: string): Option {
  return new Option("--timeout <SPAN>", "how long a reply is waited for")
    .argParser(durationMs)
    .default(durationMs(byDefault), byDefault);
}

/** A whole number from 1 up. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`'${text}' is not a whole number from 1 up.`);
  }
  return value;
}

/** How many partitions: an INT32 in Kafka's protocol. */
export function partitionCount(text: string): number {
  const value = count(text);
  if (value <= MAX_INT32) return value;
  throw new InvalidArgumentError(`'${text}' is more than a topic can have: ${MAX_INT32} at most.`);
}

/** A group's name. */
export function groupName(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("'' is not a group's name: it has at least one character.");
}

/** Gathers the values of a flag that may be given more than once. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Gathers headers: `KEY=VALUE` each. */
export function header(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`'${text}' is not KEY=VALUE.`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A participant's name. */
export function participantName(text: string): string {
  const fault = nameFault(text);
  if (fault !== undefined) throw new InvalidArgumentError(`${fault}.`);
  return text;
}

/** A topic's name, by Kafka's rule. */
export function topicName(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(text) || text === "." || text === "..") {
    throw new InvalidArgumentError(
      `'${text}' is not a topic's name: letters, digits, '.', '_' and '-', 249 at most.`,
    );
  }
  return text;
}

/** Which brain answers. */
export function brain(text: string): BrainSpec {
  try {
    return parseBrain(text);
  } catch (error) {
    throw new InvalidArgumentError(`${describeError(error)}.`);
  }
}
