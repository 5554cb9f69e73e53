/**
 * What kafkajs and the broker say, as a {@linkcode KafkaError} with Kafka's own name for it and one clear line.
 *
 * @module
 */
import { describeError, KafkaError } from "../base/errors.ts";
import { protocolErrors } from "./kafkajs_internals.ts";
import type { KafkaSettings } from "./settings.ts";

export { KafkaError };

/** kafkajs kept the names of Kafka 1; these are today's (org.apache.kafka.common.protocol.Errors). */
const RENAMED: Readonly<Record<string, string>> = {
  UNKNOWN: "UNKNOWN_SERVER_ERROR",
  NOT_LEADER_FOR_PARTITION: "NOT_LEADER_OR_FOLLOWER",
  GROUP_LOAD_IN_PROGRESS: "COORDINATOR_LOAD_IN_PROGRESS",
  GROUP_COORDINATOR_NOT_AVAILABLE: "COORDINATOR_NOT_AVAILABLE",
  NOT_COORDINATOR_FOR_GROUP: "NOT_COORDINATOR",
};

/** Names that kafkajs does not know yet, and that a broker may answer to what we ask. */
const NEWER: Readonly<Record<number, { name: string; retriable: boolean; message: string }>> = {
  89: {
    name: "THROTTLING_QUOTA_EXCEEDED",
    retriable: true,
    message: "The throttling quota has been exceeded",
  },
  90: {
    name: "PRODUCER_FENCED",
    retriable: false,
    message: "A newer producer uses the same transactional id",
  },
  100: { name: "UNKNOWN_TOPIC_ID", retriable: true, message: "This server does not host this topic id" },
};

/** What goes before a fault: `Cannot produce to orders/0`, and whose secrets must not be told. */
export interface FaultContext {
  /** The action, such as `Cannot produce to orders/0`. */
  readonly action: string;
  /** Kept out of the message whatever the other side says. */
  readonly secret?: string | undefined;
}

/** The error for a Kafka error code other than 0. */
export function errorFromCode(code: number, action: string): KafkaError {
  const newer = NEWER[code];
  if (newer !== undefined) return kafkaError(newer.name, `${action}: ${newer.message}`, newer.retriable);
  const known = protocolErrors.find((e) => e.code === code);
  if (known === undefined) {
    return kafkaError("UNKNOWN_SERVER_ERROR", `${action}: Kafka answered error ${code}`, false);
  }
  return kafkaError(nameOf(known.type), `${action}: ${known.message}`, known.retriable);
}

/** Any error of the client's depths, told as what failed and why. */
export function toKafkaError(error: unknown, context: FaultContext): KafkaError {
  if (error instanceof KafkaError) return error;
  const fault = rootOf(error);
  const { action } = context;
  const reason = redact(fault.message, context.secret);
  if (fault.type !== undefined) {
    const retriable = fault.retriable === true;
    return kafkaError(nameOf(fault.type), `${action}: ${reason}`, retriable, error);
  }
  switch (fault.name) {
    case "KafkaJSSASLAuthenticationError":
      if (/mechanism is not supported/.test(reason)) {
        return kafkaError("UNSUPPORTED_SASL_MECHANISM", `${action}: ${reason}`, false);
      }
      return kafkaError("SASL_AUTHENTICATION_FAILED", `${action}: ${reason}`, false);
    case "KafkaJSConnectionError":
    case "KafkaJSConnectionClosedError": {
      const isRetriable = !isCertificateFault(fault);
      return kafkaError(
        "NETWORK_EXCEPTION",
        `${action}: ${networkReason(fault, reason)}`,
        isRetriable,
        error,
      );
    }
    case "KafkaJSRequestTimeoutError":
    case "KafkaJSLockTimeout":
      return kafkaError("REQUEST_TIMED_OUT", `${action}: no answer in time (${reason})`, true, error);
    case "KafkaJSServerDoesNotSupportApiKey":
      return kafkaError("UNSUPPORTED_VERSION", `${action}: ${reason}`, false, error);
    default:
      return kafkaError("UNKNOWN_SERVER_ERROR", `${action}: ${reason}`, false, error);
  }
}

/** What a handler of records threw. */
export function handlerFault(error: unknown): KafkaError {
  return kafkaError(
    "UNKNOWN_SERVER_ERROR",
    `The batch handler failed: ${describeError(error)}`,
    false,
    error,
  );
}

/**
 * An error of a client's first connection, which also names the setting that it points at. A broker does not say that
 * it expects another security protocol: it ends the connection.
 */
export function withSettingAtFault(error: unknown, { securityProtocol, sasl }: KafkaSettings): unknown {
  if (!(error instanceof KafkaError)) return error;
  const { code, message, retriable, cause } = error;
  if (code === "UNSUPPORTED_SASL_MECHANISM") {
    return kafkaError(code, `${message}: current value is ${sasl?.mechanism}`, retriable, cause);
  }
  if (code === "ILLEGAL_SASL_STATE" || (code === "NETWORK_EXCEPTION" && isHangUp(cause))) {
    return kafkaError(code, `${message}: is ${securityProtocol} its security protocol?`, retriable, cause);
  }
  return error;
}

/** Whether the connection can no longer be trusted after this error. */
export function isConnectionFault(error: KafkaError): boolean {
  return error.code === "NETWORK_EXCEPTION" || error.code === "REQUEST_TIMED_OUT" ||
    error.code === "SASL_AUTHENTICATION_FAILED" || error.code === "ILLEGAL_SASL_STATE";
}

interface Fault {
  readonly name: string;
  readonly message: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly code?: unknown;
}

/** kafkajs wraps a fault once for each of its layers, and an aggregate holds a fault for each topic: the first says why. */
function rootOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  if ("errors" in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return rootOf(error.errors[0]);
  }
  if (error.name === "KafkaJSNumberOfRetriesExceeded" || error.name === "KafkaJSNonRetriableError") {
    if (error.cause instanceof Error) return rootOf(error.cause);
  }
  return error;
}

/** Whether the other side ended the connection or answered something else, rather than never took it. */
function isHangUp(error: unknown): boolean {
  const { name, code } = rootOf(error);
  return name === "KafkaJSConnectionClosedError" || code === "ECONNRESET" || code === "EPIPE" ||
    code === "EPROTO";
}

/** By the codes of OpenSSL's verification, and Node's for a name that the certificate does not hold. */
function isCertificateFault({ code }: Fault): boolean {
  return typeof code === "string" && /CERT|^UNABLE_TO_|^INVALID_CA$/.test(code);
}

function networkReason(fault: Fault, reason: string): string {
  if (isCertificateFault(fault)) {
    return `the broker's certificate is not trusted: ${reason.replace(/^Connection error: /, "")}`;
  }
  switch (fault.code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ENOTFOUND":
      return "no such host";
    case "ECONNRESET":
      return "connection reset";
    default:
      return reason.replace(/^Connection error: /, "").replace(
        /^Connection timeout$/,
        "no connection in time",
      )
        .replace(/^Closed connection$/, "connection closed by the broker");
  }
}

function nameOf(type: string): string {
  return RENAMED[type] ?? type;
}

function redact(text: string, secret: string | undefined): string {
  const line = text.replace(/\s*\n\s*/g, "; ");
  return secret === undefined || secret === "" ? line : line.replaceAll(secret, "***");
}

function kafkaError(code: string, message: string, retriable: boolean, cause?: unknown): KafkaError {
  return new KafkaError(code, message, { retriable, cause });
}
