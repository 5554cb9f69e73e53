/**
 * What a handler is: a function from a request to its answer, now or later, with the two definitions that read the one
 * and write the other.
 *
 * A handler answers with error codes. What it throws is a fault of ours: it is logged, and costs the connection.
 *
 * @module
 */
import type { Message } from "../wire/message.ts";
import type { Reader } from "../wire/reader.ts";
import type { Decoded, Encodable, Fields } from "../wire/schema.ts";
import type { Writer } from "../wire/writer.ts";
import type { SaslSession } from "./security/sasl_session.ts";
import type { BrokerState } from "./state/broker_state.ts";
import { Later } from "./state/later.ts";

/** The principal of a client that was not asked who it is. */
export const ANONYMOUS = "User:ANONYMOUS";

/** Who asks, as a handler sees it. */
export interface ClientConnection {
  readonly id: number;
  /** Who it is, as Kafka names it: `User:alice`, or {@linkcode ANONYMOUS} where nobody is asked. */
  readonly principal: string;
  /** Where it stands in SASL; undefined where nobody is asked. */
  readonly sasl: SaslSession | undefined;
  /** Groups that it may carry a member of: they are told when it closes. */
  readonly groupIds: Set<string>;
  readonly remoteHost: string;
  /** Where the client is to come back to: where it reached us, unless the broker was told otherwise. */
  readonly localHost: string;
  readonly localPort: number;
}

/** What a handler knows besides the request. */
export interface RequestContext {
  readonly state: BrokerState;
  readonly connection: ClientConnection;
  readonly apiVersion: number;
  readonly clientId: string;
  /** When the request came, by the broker's clock. */
  readonly askedMs: number;
}

/** Writes the body of an answer. To be called at once: it may write from buffers that are used again. */
export type BodyWriter = (writer: Writer) => void;

/** An API that is served. */
export interface Api {
  readonly apiKey: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly hasFlexibleResponseHeader: boolean;
  isFlexible(version: number): boolean;
  /** Handles one request. Undefined: there is no answer to it. @throws {WireError} */
  serve(reader: Reader, context: RequestContext): BodyWriter | Later<BodyWriter> | undefined;
}

/** Fields that some versions lack may be left out of an answer. */
export type Handler<Q extends Fields, R extends Fields> = (
  request: Decoded<Q>,
  context: RequestContext,
) => Encodable<R> | Later<Encodable<R>> | undefined;

/** Makes an API of its definitions and its handler. */
export function defineApi<Q extends Fields, R extends Fields>(
  request: Message<Q>,
  response: Message<R>,
  handle: Handler<Q, R>,
  options: { hasFlexibleResponseHeader?: boolean; maxVersion?: number } = {},
): Api {
  const { hasFlexibleResponseHeader = true, maxVersion = request.maxVersion } = options;
  const flexible = Array.from({ length: maxVersion + 1 }, (_, version) => request.isFlexible(version));
  return {
    apiKey: request.apiKey,
    name: request.name.replace(/Request$/, ""),
    minVersion: request.minVersion,
    maxVersion,
    hasFlexibleResponseHeader,
    isFlexible: (version) => flexible[version] ?? false,
    serve(reader, context) {
      const { apiVersion, state: { metrics, clock } } = context;
      const writerOf = (answer: Encodable<R>): BodyWriter => {
        metrics.answered(request.apiKey, answer);
        metrics.served(request.apiKey, clock.nowMs() - context.askedMs);
        return (writer) => response.encode(writer, answer, apiVersion);
      };
      const answer = handle(request.decode(reader, apiVersion), context);
      if (answer === undefined) {
        metrics.served(request.apiKey, clock.nowMs() - context.askedMs);
        return undefined;
      }
      return answer instanceof Later ? answer.map(writerOf) : writerOf(answer);
    },
  };
}
