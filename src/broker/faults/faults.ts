/**
 * Faults on purpose: rules that strike requests on their way to the handlers. A broker that was not started for it never comes here.
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
import type { Api, BodyWriter, RequestContext } from "../api.ts";
import type { BrokerState } from "../state/broker_state.ts";
import type { Clock } from "../state/clock.ts";
import { Later } from "../state/later.ts";
import type { DecodedRequest } from "./error_answer.ts";
import { type IsStruck, type NameOfTopic, namesIn, type RequestNames } from "./request_names.ts";
import { type FaultRule, MAX_RULES, parseFaultRules } from "./rules.ts";
import { Strikes } from "./strikes.ts";
import { type Answer, overwrite, refuse, type StruckPart, writerOf, written } from "./struck_request.ts";

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

/** The epoch of a fetch that wants no session. */
const NO_SESSION = -1;

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

/** What the rules do to a request. */
interface Strike {
  readonly errors: StruckPart[];
  /** Where files cannot grow: beginnings of paths. */
  readonly full: string[];
  delayMs: number;
  cut: "before" | "after" | undefined;
}

/** See the module. */
export class Faults implements Disposable {
  readonly #rules = new Set<Rule>();
  /** Topics whose leader has moved, and nobody has asked where to. */
  readonly #moved = new Set<string>();
  /** Ends the delays that are under way. */
  readonly #delays = new Set<() => void>();
  /** Where the request in hand cannot append: beginnings of paths. */
  #full: readonly string[] = [];

  /** @throws {ConfigError} with all faults of the rules */
  constructor(rules: readonly FaultRule[] = []) {
    for (const rule of parseFaultRules(rules)) this.#add(rule);
  }

  /** The rules at work, in the order in which they were given. */
  get active(): readonly ActiveFault[] {
    return [...this.#rules];
  }

  /**
   * Adds a rule, from the next request on.
   *
   * @throws {ConfigError} with all its faults
   * @throws {RangeError} if there are {@linkcode MAX_RULES}
   */
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
    const namesAll = isMetadata && !(Array.isArray(value.topics) && value.topics.length > 0);
    if (isMetadata) this.#metadataAsked(names, namesAll);
    const { errors, full, delayMs, cut: cutWhen } = this.#strike(api, names, namesAll, state);
    if (cutWhen === "before") {
      cut();
      return undefined;
    }
    const unsessioned = this.#withoutSession(value, api);
    if (unsessioned === undefined) {
      return writerOf(asked, { errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND });
    }
    this.#full = full;
    try {
      const struck = { api, context, asked, body, errors, nameOf };
      const answer = isMetadata ? overwrite(struck) : refuse(struck, unsessioned);
      // With acks 0 no answer could say so: the connection does, as Kafka's.
      if (answer === undefined && errors.length > 0) cut();
      if (cutWhen === "after") return cutAfter(answer, cut);
      return delayMs > 0 ? this.#delay(answer, delayMs, state.clock) : answer;
    } finally {
      this.#full = [];
    }
  }

  /** What the rules do to a request that names `names`. Those that strike are counted; leaders move, groups rebalance. */
  #strike(api: Api, names: RequestNames, namesAll: boolean, state: BrokerState): Strike {
    const strike: Strike = { errors: [], full: [], delayMs: 0, cut: undefined };
    for (const { rule, strikes } of this.#rules) {
      if (!isAbout(rule, api.name, names, namesAll) || !strikes.next()) continue;
      if ("error" in rule) strike.errors.push({ errorCode: ErrorCode[rule.error], isStruck: partOf(rule) });
      else if ("delayMs" in rule) strike.delayMs += rule.delayMs;
      else if ("cut" in rule) strike.cut = strike.cut === "before" ? "before" : rule.cut;
      else if ("diskFull" in rule) strike.full.push(folderOf(rule.topic, state));
      else if ("leaderMoved" in rule) {
        for (const topic of rule.topic === undefined ? names.topics : [rule.topic]) this.#moved.add(topic);
      } else {
        for (const groupId of rule.group === undefined ? names.groups : [rule.group]) {
          state.groups.get(groupId)?.rebalance();
        }
      }
    }
    const isMoved: IsStruck = ({ topics }) => [...topics].some((topic) => this.#moved.has(topic));
    if (LEADER_APIS.has(api.name) && isMoved(names)) {
      strike.errors.push({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, isStruck: isMoved });
    }
    return strike;
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
    const later = answer instanceof Later ? answer : Later.of(answer);
    const delayed = new Later<BodyWriter>(later);
    later.listen((body) => {
      // What it is written from may be gone by then.
      const bytes = written(body);
      const cancel = clock.schedule(delayMs, () => {
        this.#delays.delete(cancel);
        delayed.complete((writer) => writer.raw(bytes));
      });
      this.#delays.add(cancel);
    });
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

/** Where a topic's logs are; all there is without one, and nothing for one that is not there. */
function folderOf(topic: string | undefined, { topics }: BrokerState): string {
  return topic === undefined ? "" : `topics/${topics.get(topic)?.topicId ?? "none"}/`;
}

/** What of a request an error strikes: what the rule names, if it names something. */
function partOf({ topic, group }: FaultRule): IsStruck {
  if (topic !== undefined) return ({ topics }) => topics.has(topic);
  return group === undefined ? () => true : ({ groups }) => groups.has(group);
}

/** Lets `answer` be made, and cuts the connection in its place. */
function cutAfter(answer: Answer, cut: () => void): Answer {
  if (!(answer instanceof Later)) {
    cut();
    return undefined;
  }
  const lost = new Later<BodyWriter>(answer);
  answer.listen(cut);
  return lost;
}
