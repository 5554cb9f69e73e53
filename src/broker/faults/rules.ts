/**
 * What can go wrong on purpose: rules for a test, as data, and what reads them from JSON or YAML.
 *
 * @module
 */
import { ConfigError } from "../../base/errors.ts";
import { APIS } from "../../wire/apis.ts";
import { ErrorCode, type ErrorName } from "../../wire/error_codes.ts";
import { canName } from "./request_names.ts";

/** Which requests a rule is about: those for which all that is given holds. */
export interface FaultScope {
  /** Kafka's name of the API, such as `Produce`. @default any, or the APIs that the fault is about */
  readonly api?: string;
  /** Requests that name the topic; an error then strikes that topic alone. */
  readonly topic?: string;
  /** Requests that name the group; an error then strikes that group alone. */
  readonly group?: string;
}

/** Which of these requests are struck: all, or one of these. */
export interface FaultTiming {
  /** The nth alone, from 1. */
  readonly nth?: number;
  /** Every nth. */
  readonly every?: number;
  /** The first n. */
  readonly first?: number;
  /** Each with this probability, above 0 and up to 1. */
  readonly probability?: number;
  /** What the dice begin with: the same seed strikes the same requests. @default {1} */
  readonly seed?: number;
}

/** What happens. */
export type FaultEffect =
  /** Kafka's name of the error that is answered. What is struck has no effect. */
  | { readonly error: ErrorName }
  /** The answer waits so long; the effect does not. */
  | { readonly delayMs: number }
  /** The connection is cut before the request has an effect, or after it: a lost acknowledgement. */
  | { readonly cut: "before" | "after" }
  /** The group begins to rebalance, by default at a Heartbeat. */
  | { readonly rebalance: true }
  /** What is written fails as on a full disk, that of the topic or all; by default at Produce. */
  | { readonly diskFull: true }
  /** The leader has moved: NOT_LEADER_OR_FOLLOWER for the topic, until somebody asks for its metadata. */
  | { readonly leaderMoved: true };

/** A fault, and when it strikes. */
export type FaultRule = FaultScope & FaultTiming & FaultEffect;

/** More rules than a test could mean. */
export const MAX_RULES = 1_000;
/** The longest delay of an answer. */
const MAX_DELAY_MS = 3_600_000;

const BY_NAME = new Map([...APIS.values()].map((api) => [api.name, api]));
const TIMINGS = ["nth", "every", "first", "probability"];
const EFFECTS = ["error", "delayMs", "cut", "rebalance", "diskFull", "leaderMoved"];

/** What a field must be, or undefined when it is that. */
const CHECKS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  api: (value) => findApi(value) === undefined ? "is no API that Kafka has and we know" : undefined,
  topic: text,
  group: text,
  nth: count,
  every: count,
  first: count,
  probability: (value) =>
    typeof value === "number" && value > 0 && value <= 1 ? undefined : "is not a number above 0 and up to 1",
  seed: (value) => Number.isSafeInteger(value) ? undefined : "is not a whole number",
  error: (value) =>
    typeof value === "string" && value !== "NONE" && Object.hasOwn(ErrorCode, value)
      ? undefined
      : "is no error of Kafka's",
  delayMs: (value) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_DELAY_MS
      ? undefined
      : `is not a whole number of milliseconds, up to ${MAX_DELAY_MS}`,
  cut: (value) => value === "before" || value === "after" ? undefined : "is neither 'before' nor 'after'",
  rebalance: isTrue,
  diskFull: isTrue,
  leaderMoved: isTrue,
};

/** A fault in a list of rules. */
interface RuleFault {
  /** The way to what is wrong: the rule's place, and the field's name if it is one field. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a list of rules, in their order; none when it is a `FaultRule[]`. */
function ruleFaults(value: unknown): RuleFault[] {
  if (!Array.isArray(value)) {
    return [{ path: [], message: `a list of rules is needed, this is ${shown(value)}` }];
  }
  if (value.length > MAX_RULES) {
    return [{ path: [], message: `there are ${value.length} rules: ${MAX_RULES} are taken` }];
  }
  return value.flatMap((rule, index) => faultsOf(rule, index));
}

/**
 * A list of rules from what a file holds.
 *
 * @param where names the place of a fault, by the way to it
 * @throws {ConfigError} with all faults
 */
export function parseFaultRules(value: unknown, where = placeOf): readonly FaultRule[] {
  const faults = ruleFaults(value);
  if (faults.length > 0) {
    throw new ConfigError(faults.map(({ path, message }) => `${where(path)}: ${message}`));
  }
  return value as readonly FaultRule[];
}

/** `rules[2].nth`. */
export function placeOf(path: readonly (string | number)[]): string {
  return "rules" + path.map((part) => typeof part === "number" ? `[${part}]` : `.${part}`).join("");
}

function faultsOf(rule: unknown, index: number): RuleFault[] {
  const path = [index];
  if (typeof rule !== "object" || rule === null || Array.isArray(rule)) {
    return [{ path, message: `a rule is needed, this is ${shown(rule)}` }];
  }
  const faults: RuleFault[] = [];
  const entries = Object.entries(rule).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    const message = check === undefined
      ? `a rule has no such field: it has ${Object.keys(CHECKS).join(", ")}`
      : check(value);
    if (message === undefined) continue;
    faults.push({
      path: [index, name],
      message: check === undefined ? message : `${shown(value)} ${message}`,
    });
  }
  const given = (names: readonly string[]) => names.filter((name) => entries.some(([key]) => key === name));
  const effects = given(EFFECTS);
  const timings = given(TIMINGS);
  if (effects.length !== 1) {
    faults.push({ path, message: `one of ${EFFECTS.join(", ")} is needed, there is ${listed(effects)}` });
  }
  if (timings.length > 1) {
    faults.push({
      path,
      message: `at most one of ${TIMINGS.join(", ")} is taken, there is ${listed(timings)}`,
    });
  }
  const { api, topic, group }: FaultScope = rule;
  const found = findApi(api);
  const scope = found && canName(found.request);
  for (
    const [name, value, isNamed] of [["topic", topic, scope?.topics], [
      "group",
      group,
      scope?.groups,
    ]] as const
  ) {
    if (value !== undefined && isNamed === false) {
      faults.push({ path: [index, name], message: `a request of ${api} names no ${name}` });
    }
  }
  if (given(["seed"]).length > 0 && !timings.includes("probability")) {
    faults.push({ path: [index, "seed"], message: "it means something with a probability only" });
  }
  return faults;
}

function findApi(name: unknown) {
  return typeof name === "string" ? BY_NAME.get(name) : undefined;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(" and ");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? undefined : "is not a name";
}

function count(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 1 ? undefined : "is not a whole number from 1 up";
}

function isTrue(value: unknown): string | undefined {
  return value === true ? undefined : "is not true: leave it out where it is not wanted";
}

function shown(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  return typeof value === "object" && value !== null
    ? (Array.isArray(value) ? "a list" : "a map")
    : String(value);
}
