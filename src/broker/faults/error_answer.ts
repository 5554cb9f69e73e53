/**
 * An answer that refuses a request with one error code, for any API: made of the two definitions, as both name the
 * topics, partitions, groups … that they are about by fields of the same meaning.
 *
 * @module
 */
import type { StructValue } from "../../wire/codec.ts";
import { ErrorCode, errorInfo } from "../../wire/error_codes.ts";
import type { Message } from "../../wire/message.ts";
import type { Field, Fields, Struct } from "../../wire/schema.ts";
import { includesVersion } from "../../wire/versions.ts";
import { isErrorCode } from "../error_fields.ts";

/** A request that was read, with what it takes to answer it. */
export interface DecodedRequest {
  readonly request: Message<Fields>;
  readonly response: Message<Fields>;
  readonly apiVersion: number;
  readonly value: StructValue;
}

/** What a field names, by its name: in a request, also that of a list of plain names. */
const MEANINGS: ReadonlyMap<string, string> = new Map(Object.entries({
  name: "name",
  topic: "name",
  user: "name",
  topicNames: "name",
  topicId: "topicId",
  index: "partition",
  partition: "partition",
  partitionIndex: "partition",
  partitions: "partition",
  partitionIndexes: "partition",
  groupId: "group",
  groups: "group",
  groupsNames: "group",
  key: "key",
  coordinatorKeys: "key",
  memberId: "member",
  groupInstanceId: "instance",
  resourceType: "resourceType",
  resourceName: "resourceName",
  transactionalId: "transactionalId",
  transactionalIds: "transactionalId",
  producerId: "producer",
}));

/** Topics that a fetch session is to forget: nothing is answered for them. */
const NOT_ANSWERED = "forgottenTopicsData";

const FETCH = 1;
/** What the error at the top of a fetch's answer is about: its session, not what is fetched. */
const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

/**
 * The answer to all that the request names: its `errorCode`, and that of each topic, partition, group …; what else there
 * is has its default, as in Kafka's own error answers.
 */
export function errorAnswer(asked: DecodedRequest, errorCode: number): StructValue {
  const { request, response, apiVersion, value } = asked;
  const isFetch = request.apiKey === FETCH;
  if (isFetch && SESSION_ERRORS.has(errorCode)) return { errorCode };
  const answer: Record<string, unknown> = answerTo(request, response, value, apiVersion, errorCode);
  if (isFetch) delete answer.errorCode;
  // Not whom it is about, but what was asked for.
  delete answer.producerId;
  const hasTop = fieldsIn(response, apiVersion).some(([name, field]) => isErrorCode(name, field));
  for (const [name, field] of fieldsIn(response, apiVersion)) {
    const element = elementWithError(field, apiVersion);
    const entries = answer[name];
    if (hasTop || element === undefined || !Array.isArray(entries) || entries.length > 0) continue;
    // There is no other place for it.
    if (sourcesOf(request, element, apiVersion).length === 0) {
      answer[name] = [answerTo(NOTHING, element, {}, apiVersion, errorCode)];
    }
  }
  return answer;
}

/** The fields of a response that list what the request names, each with an error code of its own. */
export function entryFields(response: Message<Fields>, apiVersion: number): string[] {
  return fieldsIn(response, apiVersion)
    .filter(([, field]) => elementWithError(field, apiVersion) !== undefined)
    .map(([name]) => name);
}

const NOTHING: Struct = { name: "", fields: {} };

type Shape = Pick<Struct, "fields">;

function answerTo(
  asked: Shape,
  answered: Shape,
  value: StructValue,
  version: number,
  errorCode: number,
): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  const named = fieldsIn(asked, version);
  for (const [name, field] of fieldsIn(answered, version)) {
    const element = elementWithError(field, version);
    if (isErrorCode(name, field)) answer[name] = errorCode;
    else if (name === "errorMessage") answer[name] = errorInfo(errorCode).message;
    else if (element !== undefined) {
      answer[name] = sourcesOf(asked, element, version).flatMap(([source, sourceField]) => {
        const type = elementOf(sourceField);
        const list = value[source];
        if (!Array.isArray(list) || type === undefined) return [];
        const shape = typeof type === "object" ? type : { fields: { [source]: { ...sourceField, type } } };
        return list.map((one: unknown) => {
          const entry = typeof type === "object" ? one as StructValue : { [source]: one };
          return answerTo(shape, element, entry, version, errorCode);
        });
      });
    } else {
      const meaning = MEANINGS.get(name);
      const same = named.find(([other, { type }]) =>
        meaning !== undefined && MEANINGS.get(other) === meaning && type === field.type
      );
      if (same !== undefined) answer[name] = value[same[0]];
      else if (isUnknownByDefault(name, field)) answer[name] = field.type === "int64" ? -1n : -1;
    }
  }
  return answer;
}

/** An offset that is not known is -1, where the definition does not say so itself. */
function isUnknownByDefault(name: string, { type, options }: Field): boolean {
  return options.default === undefined &&
    (type === "int64"
      ? /offset$|watermark$|^producerId$/i.test(name)
      : type === "int32" && name === "nodeId");
}

/** The lists in a request that name what `element` answers for. */
function sourcesOf(asked: Shape, element: Struct, version: number): [string, Field][] {
  const meanings = new Set(
    fieldsIn(element, version).map(([name]) => MEANINGS.get(name)).filter((one) => one !== undefined),
  );
  return fieldsIn(asked, version).filter(([name, field]) => {
    const type = elementOf(field);
    if (type === undefined || name === NOT_ANSWERED) return false;
    const names = typeof type === "object" ? fieldsIn(type, version).map(([inner]) => inner) : [name];
    return names.some((inner) => meanings.has(MEANINGS.get(inner) ?? ""));
  });
}

/** The structure that a field lists, if an error code is in it or below it. */
function elementWithError(field: Field, version: number): Struct | undefined {
  const element = elementOf(field);
  if (typeof element !== "object") return undefined;
  const holds = fieldsIn(element, version).some(([name, inner]) =>
    isErrorCode(name, inner) || elementWithError(inner, version) !== undefined
  );
  return holds ? element : undefined;
}

function elementOf({ type }: Field) {
  return typeof type === "object" && "element" in type ? type.element : undefined;
}

function fieldsIn({ fields }: Shape, version: number): [string, Field][] {
  return Object.entries(fields).filter(([, { versions }]) => includesVersion(versions, version));
}
