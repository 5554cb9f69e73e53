/**
 * Why there is no answer, as the caller is told.
 *
 * @module
 */
import { describeError, type Problem, ReplyError } from "../base/errors.ts";
import { KafkaError } from "../kafka/errors.ts";
import { toBytes } from "../kafka/serialize.ts";

/** Whether what a handler returned is at fault, rather than the way to the caller. */
export function isUnsendable(error: Error): boolean {
  return !(error instanceof KafkaError) || error.code === "MESSAGE_TOO_LARGE" ||
    error.code === "RECORD_LIST_TOO_LARGE";
}

/** What the caller is told: the message, never the stack. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ReplyError && isSendable(error.problem)) return error.problem;
  return { type: "about:blank", title: "The handler failed", status: 500, detail: describeError(error) };
}

function isSendable(problem: Problem): boolean {
  try {
    toBytes(problem, "value");
    return true;
  } catch {
    return false;
  }
}
