/**
 * Faults on purpose: rules that strike requests on their way to the handlers. A broker without rules never comes here.
 *
 * What a rule does is what a client sees when the thing happens: an error is answered for what the rule names, and has no
 * effect there; the rest of the request is served. Several rules may strike one request: its delays add up, and of two
 * errors for the same thing the first rule's is answered.
 *
 * @module
 */
import { APIS } from "../../wire/apis.ts";
import type { StructValue } from "../../wire/codec.ts";
import { ErrorCode } from "../../wire/error_codes.ts";
import { Reader } from "../../wire/reader.ts";
import type { Encodable, Fields } from "../../wire/schema.ts";
import { Writer } from "../../wire/writer.ts";
import type { Api, BodyWriter, RequestContext } from "../api.ts";
import type { Clock } from "../state/clock.ts";
import { Later } from "../state/later.ts";
import { type DecodedRequest, entryFields, errorAnswer } from "./error_answer.ts";
import {
  type IsStruck,
  type NameOfTopic,
  namesIn,
  type RequestNames,
  splitRequest,
} from "./request_names.ts";
import { type FaultRule, parseFaultRules } from "./rules.ts";
import { Strikes } from "./strikes.ts";

/** The APIs that ask the leader of a partition. */
const LEADER_APIS: ReadonlySet<string> = new Set([
  "Produce",
  "Fetch",
  "ListOffsets",
  "DeleteRecords",
  "OffsetForLeaderEpoch",
]);
/** The APIs that tell who leads. They tell of all topics when none is named, and are served whole: an answer needs its nodes. */
const METADATA_APIS: ReadonlySet<string> = new Set(["Metadata", "DescribeTopicPartitions"]);

const NO_ACKS = 0;
/** The epoch of a fetch that wants no session. */
const NO_SESSION = -1;

/** More rules than a test could mean. */
export const MAX_RULES = 1_000;

/** A rule at work. */
export interface ActiveFault {
  readonly rule: FaultRule;
  /** Requests that the rule is about, struck or not. */
  readonly matchedCount: number;
  /** How often it struck. */
  readonly struckCount: number;
  /** Ends the rule. */
  remove(): void;
}

interface Rule extends ActiveFault {
  readonly strikes: Strikes;
}

/** What `Api.serve` gives. */
type Answer = BodyWriter | Later<BodyWriter> | undefined;

/** An error that a request gets, and for what of it. */
interface StruckPart {
  readonly errorCode: number;
  readonly isStruck: IsStruck;
}

/** A request that rules strike. */
interface Struck {
  readonly api: Api;
  readonly context: RequestContext;
  readonly asked: DecodedRequest;
  readonly body: Uint8Array;
  readonly errors: readonly StruckPart[];
  readonly nameOf: NameOfTopic;
}

/** See the module. */
export class Faults implements Disposable {
  readonly #rules = new Set<Rule>();
  /** Topics whose leader has moved, and nobody has asked where to. */
  readonly #moved = new Set<string>();
  /** Ends the delays that are under way. */
  readonly #delays = new Set<() => void>();
  /** Folders of the topics that the request in hand cannot append to. */
  #full: readonly string[] = [];

  /** @throws {ConfigError} with all faults of the rules */
  constructor(rules: readonly FaultRule[] = []) {
    for (const rule of parseFaultRules(rules)) this.#add(rule);
  }

  /** The rules at work, in the order in which they were given. */
  get active(): readonly ActiveFault[] {
    return [...this.#rules];
  }

  /** Adds a rule, from the next request on. @throws {ConfigError} with all its faults */
  add(rule: FaultRule): ActiveFault {
    parseFaultRules([rule]);
    return this.#add(rule);
  }

  /** Ends all rules, and what they have brought about: leaders are where they were. */
  clear(): void {
    this.#rules.clear();
    this.#moved.clear();
  }

  /** Ends all, also the delays: what waited for them is not answered. */
  [Symbol.dispose](): void {
    this.clear();
    for (const cancel of this.#delays) cancel();
    this.#delays.clear();
  }

  /** Whether a file of the log cannot grow at the moment. */
  isFull(path: string): boolean {
    return this.#full.some((folder) => path.startsWith(folder));
  }

  /**
   * Serves a request as `api` does, with what the rules do to it.
   *
   * @param cut ends the connection that it came on
   * @throws {WireError} as `api` does
   */
  serve(api: Api, reader: Reader, context: RequestContext, cut: () => void): Answer {
    const definition = APIS.get(api.apiKey);
    if (this.#rules.size + this.#moved.size === 0 || definition === undefined) {
      return api.serve(reader, context);
    }
    const { apiVersion, state } = context;
    const body = reader.raw(reader.remaining);
    const value: StructValue = definition.request.decode(new Reader(body), apiVersion);
    const asked: DecodedRequest = { ...definition, apiVersion, value };
    const nameOf: NameOfTopic = (topicId) => state.topics.byId(topicId)?.name;
    const names = namesIn(value, nameOf);
    const isMetadata = METADATA_APIS.has(api.name);
    const namesAll = isMetadata && names.topics.size === 0;
    if (isMetadata) this.#metadataAsked(names, namesAll);

    let delayMs = 0;
    let isCutAfter = false;
    const errors: StruckPart[] = [];
    const full: string[] = [];
    for (const rule of this.#rules) {
      if (!isAbout(rule.rule, api.name, names, namesAll) || !rule.strikes.next()) continue;
      const effect = rule.rule;
      if ("error" in effect) errors.push({ errorCode: ErrorCode[effect.error], isStruck: partOf(effect) });
      else if ("delayMs" in effect) delayMs += effect.delayMs;
      else if ("diskFull" in effect) full.push(...effect.topic === undefined ? names.topics : [effect.topic]);
      else if ("leaderMoved" in effect) {
        for (const topic of effect.topic === undefined ? names.topics : [effect.topic]) {
          this.#moved.add(topic);
        }
      } else if ("rebalance" in effect) {
        for (const groupId of effect.group === undefined ? names.groups : [effect.group]) {
          state.groups.get(groupId)?.rebalance();
        }
      } else if (effect.cut === "after") isCutAfter = true;
      else {
        cut();
        return undefined;
      }
    }
    const isMoved: IsStruck = ({ topics }) => [...topics].some((topic) => this.#moved.has(topic));
    if (LEADER_APIS.has(api.name) && isMoved(names)) {
      errors.push({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, isStruck: isMoved });
    }
    this.#full = full.flatMap((topic) => {
      const found = state.topics.get(topic);
      return found === undefined ? [] : [`topics/${found.topicId}/`];
    });
    try {
      const struck = { api, context, asked, body, errors, nameOf };
      const answer = isMetadata ? overwrite(struck) : this.#refuse(struck);
      // With acks 0 no answer could say so: the connection does, as Kafka's.
      if (answer === undefined && errors.length > 0) cut();
      if (isCutAfter) return cutAfter(answer, cut);
      return delayMs > 0 ? this.#delay(answer, delayMs, state.clock) : answer;
    } finally {
      this.#full = [];
    }
  }

  #add(rule: FaultRule): ActiveFault {
    if (this.#rules.size >= MAX_RULES) throw new RangeError(`Cannot add a rule as there are ${MAX_RULES}`);
    const strikes = new Strikes(rule);
    const added: Rule = {
      rule,
      strikes,
      get matchedCount() {
        return strikes.matchedCount;
      },
      get struckCount() {
        return strikes.struckCount;
      },
      remove: () => void this.#rules.delete(added),
    };
    this.#rules.add(added);
    return added;
  }

  #metadataAsked({ topics }: RequestNames, isAll: boolean): void {
    if (isAll) this.#moved.clear();
    for (const topic of topics) this.#moved.delete(topic);
  }

  /** Answers errors for what is struck, and has the rest served. */
  #refuse({ api, context, asked, body, errors, nameOf }: Struck): Answer {
    const asIs = this.#withoutSession(asked.value, api);
    if (asIs === undefined) return writerOf(asked, { errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND });
    const refused: StructValue[] = [];
    let rest: StructValue | undefined = asIs;
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

  /**
   * A fetch session names its partitions once: rules could not tell whom later fetches are about. So there is none while
   * there are rules about fetches.
   *
   * @returns the request as it is to be served; undefined for a fetch that builds on a session
   */
  #withoutSession(value: StructValue, api: Api): StructValue | undefined {
    const isWatched = api.name === "Fetch" && (this.#moved.size > 0 || [...this.#rules].some(({ rule }) => {
      return "leaderMoved" in rule || rule.api === api.name || (rule.api === undefined && "error" in rule);
    }));
    if (!isWatched || value.sessionEpoch === NO_SESSION) return value;
    return value.sessionId === 0 ? { ...value, sessionEpoch: NO_SESSION } : undefined;
  }

  #delay(answer: Answer, delayMs: number, clock: Clock): Answer {
    if (answer === undefined) return undefined;
    const delayed = new Later<BodyWriter>();
    const later = answer instanceof Later ? answer : Later.of(answer);
    later.listen((body) => {
      // What it is written from may be gone by then.
      const bytes = written(body);
      const cancel = clock.schedule(delayMs, () => {
        this.#delays.delete(cancel);
        delayed.complete((writer) => writer.raw(bytes));
      });
      this.#delays.add(cancel);
    });
    if (!later.isCompleted) delayed.hurry = () => later.hurry?.();
    return delayed;
  }
}

/** Whether a rule is about a request. */
function isAbout(rule: FaultRule, api: string, names: RequestNames, namesAll: boolean): boolean {
  if (rule.topic !== undefined && !names.topics.has(rule.topic) && !namesAll) return false;
  if (rule.group !== undefined && !names.groups.has(rule.group)) return false;
  if (rule.api !== undefined) return rule.api === api;
  if ("rebalance" in rule) return api === "Heartbeat";
  if ("diskFull" in rule) return api === "Produce";
  return "leaderMoved" in rule ? LEADER_APIS.has(api) : true;
}

/** What of a request an error strikes: what the rule names, if it names something. */
function partOf({ topic, group }: FaultRule): IsStruck {
  if (topic !== undefined) return ({ topics }) => topics.has(topic);
  return group === undefined ? () => true : ({ groups }) => groups.has(group);
}

/** Serves what tells of topics, and puts the errors in the place of what it tells. */
function overwrite({ api, context, asked, body, errors, nameOf }: Struck): Answer {
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

/** Lets `answer` be made, and cuts the connection in its place. */
function cutAfter(answer: Answer, cut: () => void): Answer {
  if (!(answer instanceof Later)) {
    cut();
    return undefined;
  }
  const lost = new Later<BodyWriter>();
  lost.hurry = () => answer.hurry?.();
  answer.listen(cut);
  return lost;
}

function map(answer: BodyWriter | Later<BodyWriter>, change: (body: BodyWriter) => BodyWriter): Answer {
  return answer instanceof Later ? answer.map(change) : change(answer);
}

function writerOf({ response, apiVersion }: DecodedRequest, value: StructValue): BodyWriter {
  // Made of the definition itself: it has the definition's fields.
  return (writer) => response.encode(writer, value as Encodable<Fields>, apiVersion);
}

function encoded({ request, apiVersion }: DecodedRequest, value: StructValue): Uint8Array {
  return written((writer) => request.encode(writer, value as Encodable<Fields>, apiVersion));
}

function decoded({ response, apiVersion }: DecodedRequest, body: BodyWriter): StructValue {
  return response.decode(new Reader(written(body)), apiVersion);
}

function written(body: BodyWriter): Uint8Array {
  const writer = new Writer();
  body(writer);
  return writer.written();
}
