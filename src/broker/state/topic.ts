/**
 * A topic: its name, id, configs and partitions.
 *
 * @module
 */
import type { Partition } from "./partition.ts";
import { type ConfigDefaults, parseTopicConfig, type TopicConfig } from "./topic_config.ts";

const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** Names that Kafka keeps for itself: here nobody makes them, and one that is there from before is told as internal. */
export const INTERNAL_TOPICS: ReadonlySet<string> = new Set(["__consumer_offsets", "__transaction_state"]);

/** Why a name is no topic's, undefined when it may be one. Kafka's rules and words (Topic.java). */
export function invalidTopicName(name: string): string | undefined {
  if (name === "") return "Topic name is invalid: the empty string is not allowed";
  if (name === "." || name === "..") return `Topic name is invalid: '${name}' is not allowed`;
  if (name.length > 249) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length 249`;
  }
  if (LEGAL_NAME.test(name)) return undefined;
  return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
}

/** See the module. */
export class Topic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: Partition[] = [];
  #overrides: ReadonlyMap<string, string>;
  #config: TopicConfig;

  constructor(
    name: string,
    topicId: string,
    overrides: ReadonlyMap<string, string>,
    defaults: ConfigDefaults,
  ) {
    this.name = name;
    this.topicId = topicId;
    this.#overrides = overrides;
    this.#config = parseTopicConfig(overrides, defaults);
  }

  get config(): TopicConfig {
    return this.#config;
  }

  /** The configs that were set for it, as they were given. */
  get overrides(): ReadonlyMap<string, string> {
    return this.#overrides;
  }

  /** Sets its configs, in place of all that were. */
  configure(overrides: ReadonlyMap<string, string>, defaults: ConfigDefaults): void {
    this.#overrides = overrides;
    this.#config = parseTopicConfig(overrides, defaults);
  }
}
