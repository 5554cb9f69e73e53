/**
 * Why a connection failed, for the log: whether it is the peer's fault, the network's, or ours.
 *
 * @module
 */
import { describeError, WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";

/** Logs `error`, which ends the connection of `peer`. */
export function logConnectionFault(log: Logger, peer: { toString(): string }, error: unknown): void {
  if (error instanceof WireError || isTlsError(error)) {
    log.warn(`Closed the connection of ${peer}: ${describeError(error)}`);
  } else if (isSystemError(error)) {
    log.debug(`Lost the connection of ${peer}: ${describeError(error)}`);
  } else {
    log.error(`Closed the connection of ${peer} after a fault of ours: {error}`, { error });
  }
}

/** Whether the system says so, such as ECONNRESET: the peer went away. */
function isSystemError(error: unknown): boolean {
  return codeOf(error) !== undefined && error instanceof Error && "syscall" in error;
}

/** Whether the peer does not speak TLS, or not as it should. */
function isTlsError(error: unknown): boolean {
  return /^ERR_(SSL|TLS)/.test(codeOf(error) ?? "");
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
