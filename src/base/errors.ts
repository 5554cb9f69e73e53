/**
 * The error classes that someone branches on, and the one rule that decides between "try again" and "give up".
 * Misuse is a plain TypeError or RangeError; everything here is an operating error.
 *
 * @module
 */

/** Bytes on the wire that no Kafka peer would send: the connection that carried them is closed. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** What Kafka, or the way to it, answered. `code` is the protocol's own name, such as `MESSAGE_TOO_LARGE`. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  readonly code: string;
  readonly retriable: boolean;

  constructor(code: string, message: string, options: { retriable: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable;
  }
}

/** No reply came before the request's deadline. The request may still be handled. */
export class RequestTimeoutError extends Error {
  override readonly name = "RequestTimeoutError";
  readonly id: string;
  readonly topic: string;
  readonly timeoutMs: number;

  /** @param cause why the request could not even be sent, as far as known */
  constructor(id: string, topic: string, timeoutMs: number, cause?: unknown) {
    super(
      `No reply from '${topic}' within ${timeoutMs} ms (request ${id})` +
        (cause === undefined ? "" : `: ${describeError(cause)}`),
      cause === undefined ? undefined : { cause },
    );
    this.id = id;
    this.topic = topic;
    this.timeoutMs = timeoutMs;
  }
}

/** The other side's handler failed, and said so. `problem` is its RFC 9457 problem. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly id: string;
  readonly problem: Problem;

  constructor(id: string, problem: Problem) {
    super(problem.detail ?? problem.title);
    this.id = id;
    this.problem = problem;
  }
}

/** An RFC 9457 problem, as an error reply carries it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status?: number;
  readonly detail?: string;
}

/** A handler gave up on a record: where it stands, and after how many attempts. */
export class HandlerError extends Error {
  override readonly name = "HandlerError";
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly attempts: number;

  constructor(
    at: { topic: string; partition: number; offset: bigint; attempts: number },
    cause: unknown,
  ) {
    super(
      `Handler failed on ${at.topic}/${at.partition} at offset ${at.offset} ` +
        `after ${at.attempts} attempt(s): ${describeError(cause)}`,
      { cause },
    );
    this.topic = at.topic;
    this.partition = at.partition;
    this.offset = at.offset;
    this.attempts = at.attempts;
  }
}

/** The settings are wrong: every fault at once, a line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** Whether trying the same thing again later can succeed. A bug never becomes right by repetition. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof KafkaError) return error.retriable;
  if (error instanceof ConfigError || error instanceof WireError || error instanceof ReplyError) return false;
  if (error instanceof HandlerError) return isRetriable(error.cause);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError ||
    error instanceof ReferenceError);
}

/** One line that says what failed, for a terminal or a log: no stack, no line breaks. */
export function describeError(error: unknown): string {
  const told: unknown = error instanceof Error ? (error.message || error.name) : error;
  const text = typeof told === "string" ? told : Deno.inspect(told);
  return text.replace(/\s*\n\s*/g, "; ");
}
