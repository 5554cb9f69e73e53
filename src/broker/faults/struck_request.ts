/**
 * A request that is struck by errors, in whole or in part: what is struck gets its error, the rest is served.
 *
 * @module
 */
import type { StructValue } from "../../wire/codec.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { Reader } from "../../wire/reader.ts";
import type { Encodable, Fields } from "../../wire/schema.ts";
import { Writer } from "../../wire/writer.ts";
import type { Api, BodyWriter, RequestContext } from "../api.ts";
import { Later } from "../state/later.ts";
import { type DecodedRequest, entryFields, errorAnswer } from "./error_answer.ts";
import { type IsStruck, type NameOfTopic, namesIn, splitRequest } from "./request_names.ts";

/** What `Api.serve` gives. */
export type Answer = BodyWriter | Later<BodyWriter> | undefined;

/** An error that a request gets, and for what of it. */
export interface StruckPart {
  readonly errorCode: number;
  readonly isStruck: IsStruck;
}

/** A request that rules strike. */
export interface StruckRequest {
  readonly api: Api;
  readonly context: RequestContext;
  readonly asked: DecodedRequest;
  /** As it came. */
  readonly body: Uint8Array;
  readonly errors: readonly StruckPart[];
  readonly nameOf: NameOfTopic;
}

const NO_ACKS = 0;

/** Answers errors for what is struck of `value`, and has the rest served. */
export function refuse(
  { api, context, asked, body, errors, nameOf }: StruckRequest,
  value: StructValue,
): Answer {
  const refused: StructValue[] = [];
  let rest: StructValue | undefined = value;
  for (const { errorCode, isStruck } of errors) {
    // An earlier rule may have left nothing of what this one strikes.
    if (rest === undefined || !isStruck(namesIn(rest, nameOf))) continue;
    const split: ReturnType<typeof splitRequest> = splitRequest(rest, nameOf, isStruck);
    const answer = errorAnswer({ ...asked, value: split.struck }, errorCode);
    context.state.metrics.answered(api.apiKey, answer);
    refused.push(answer);
    rest = split.rest;
  }
  if (rest === undefined) {
    return asked.value.acks === NO_ACKS ? undefined : writerOf(asked, merged(asked, refused));
  }
  if (rest === asked.value) return api.serve(new Reader(body), context);
  // What is refused does not wait for what is not.
  if (refused.length > 0 && "maxWaitMs" in rest) rest = { ...rest, maxWaitMs: 0 };
  const answer = api.serve(new Reader(encoded(asked, rest)), context);
  if (refused.length === 0 || answer === undefined) return answer;
  return map(answer, (writer) => writerOf(asked, merged(asked, [decoded(asked, writer), ...refused])));
}

/** Serves what tells of topics, and puts the errors in the place of what it tells. */
export function overwrite({ api, context, asked, body, errors, nameOf }: StruckRequest): Answer {
  const answer = api.serve(new Reader(body), context);
  if (errors.length === 0 || answer === undefined) return answer;
  return map(answer, (writer) => {
    const told = decoded(asked, writer);
    const whole = errors.find(({ errorCode }) => errorCode === ErrorCode.REBOOTSTRAP_REQUIRED);
    const topics = told.topics as readonly StructValue[];
    return writerOf(asked, {
      ...told,
      ...(whole === undefined ? {} : { errorCode: whole.errorCode }),
      topics: topics.map((topic) => {
        const names = namesIn({ topics: [topic] }, nameOf);
        const error = errors.find(({ errorCode, isStruck }) => {
          return errorCode !== ErrorCode.REBOOTSTRAP_REQUIRED && isStruck(names);
        });
        if (error === undefined) return topic;
        context.state.metrics.answered(api.apiKey, { errorCode: error.errorCode });
        return { ...topic, errorCode: error.errorCode, partitions: [] };
      }),
    });
  });
}

/** One answer of several, each about other parts of a request: what is not about a part is the first one's. */
function merged({ response, apiVersion }: DecodedRequest, answers: readonly StructValue[]): StructValue {
  const lists = entryFields(response, apiVersion).map((name) => {
    return [name, answers.flatMap((answer) => (answer[name] ?? []) as readonly unknown[])];
  });
  return { ...answers[0], ...Object.fromEntries(lists) };
}

function map(answer: BodyWriter | Later<BodyWriter>, change: (body: BodyWriter) => BodyWriter): Answer {
  return answer instanceof Later ? answer.map(change) : change(answer);
}

/** Writes an answer that was put together here. */
export function writerOf({ response, apiVersion }: DecodedRequest, value: StructValue): BodyWriter {
  // Made of the definition itself: it has the definition's fields.
  return (writer) => response.encode(writer, value as Encodable<Fields>, apiVersion);
}

function encoded({ request, apiVersion }: DecodedRequest, value: StructValue): Uint8Array {
  return written((writer) => request.encode(writer, value as Encodable<Fields>, apiVersion));
}

function decoded({ response, apiVersion }: DecodedRequest, body: BodyWriter): StructValue {
  return response.decode(new Reader(written(body)), apiVersion);
}

/** What an answer's body comes to. */
export function written(body: BodyWriter): Uint8Array {
  const writer = new Writer();
  body(writer);
  return writer.written();
}
