/**
 * The broker's configs in force: what was set at run time for the node, or for all nodes, before what it was started
 * with, before the defaults. What was set at run time is kept in a journal.
 *
 * @module
 */
import { type BrokerConfigDefinition, findBrokerConfig, type Settings } from "../broker_keys.ts";
import type { Limits } from "../limits.ts";
import { NODE_ID } from "../node_id.ts";
import { type Change, Journal } from "./journal.ts";
import type { Storage } from "./storage.ts";
import type { ConfigDefaults } from "./topic_config.ts";
import { TOPIC_CONFIGS, type TopicConfigDefinition } from "./topic_config_table.ts";

const PATH = "journals/configs.log";

/** Kafka's ConfigSource, in the numbers of DescribeConfigs. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
} as const;
export type ConfigSource = typeof ConfigSource[keyof typeof ConfigSource];

/** A value that a config has, or would have if those before it were not there. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly source: ConfigSource;
}

/** Whose configs: the node's, or those of all nodes. */
export type BrokerEntity = typeof NODE | typeof ALL_NODES;
export const NODE = `${NODE_ID}` as const;
export const ALL_NODES = "";

type Values = ReadonlyMap<string, string>;
type Line = Readonly<Record<string, string>>;

/** See the module. */
export class BrokerConfigs {
  readonly #settings: Settings;
  readonly #journal: Journal<Line>;
  readonly #changed = new Map<BrokerEntity, Values>();
  #limits: Limits;
  #topicDefaults: ConfigDefaults;

  /** @throws {StorageError} */
  constructor(storage: Storage, settings: Settings) {
    this.#journal = new Journal(storage, PATH);
    this.#settings = settings;
    this.#limits = settings.limits;
    this.#topicDefaults = this.#defaultsOfTopics();
  }

  /** Reads what was set before. @returns notes for the log @throws {StorageError} */
  open(): string[] {
    const notes = this.#journal.replay(parseLine, ([entity, line]) => {
      if (entity !== NODE && entity !== ALL_NODES) return;
      this.#changed.set(entity, new Map(Object.entries(line ?? {})));
    });
    this.#apply();
    return notes;
  }

  /** The limits in force. */
  get limits(): Limits {
    return this.#limits;
  }

  /** The defaults of topics' configs in force, where they are not Kafka's. */
  get topicDefaults(): ConfigDefaults {
    return this.#topicDefaults;
  }

  /** What was set at run time. */
  changed(entity: BrokerEntity): Values {
    return this.#changed.get(entity) ?? new Map();
  }

  /** Sets at run time, in place of all that was. @throws {StorageError} nothing was changed */
  change(entity: BrokerEntity, values: Values): void {
    this.#journal.append([[entity, Object.fromEntries(values)]]);
    this.#changed.set(entity, values);
    this.#journal.compact(this.#changed.size, () => this.#changes());
    this.#apply();
  }

  /** Makes what was set survive a power loss. @throws {StorageError} */
  sync(): Promise<void> {
    return this.#journal.sync();
  }

  /** The values of a config of the broker, the one in force first. */
  entries(definition: BrokerConfigDefinition): ConfigEntry[] {
    const { name, defaultValue, setting } = definition;
    const started = setting === undefined
      ? this.#settings.config.topicDefaults[name]
      : setting.read(this.#settings);
    const isChosen = started !== undefined && (setting === undefined || started !== defaultValue);
    return [
      ...entry(name, this.#changed.get(NODE)?.get(name), ConfigSource.DYNAMIC_BROKER),
      ...entry(name, this.#changed.get(ALL_NODES)?.get(name), ConfigSource.DYNAMIC_DEFAULT_BROKER),
      ...entry(name, isChosen ? started : undefined, ConfigSource.STATIC_BROKER),
      ...entry(name, defaultValue ?? undefined, ConfigSource.DEFAULT),
    ];
  }

  /**
   * The broker's values that give a topic's config its default, by the broker's names, the one in force first. As in
   * Kafka, there are none where that is only the default of another name, such as `log.retention.hours`.
   */
  defaultsOf(definition: TopicConfigDefinition): ConfigEntry[] {
    const entries = definition.brokerKeys.flatMap(({ name }) => {
      const broker = findBrokerConfig(name);
      return broker === undefined ? [] : this.entries(broker);
    });
    const [inForce] = entries;
    const isOfAnotherName = inForce?.name !== definition.brokerKeys[0]?.name;
    return isOfAnotherName && inForce?.source === ConfigSource.DEFAULT ? [] : entries;
  }

  #apply(): void {
    this.#topicDefaults = this.#defaultsOfTopics();
    let limits = this.#settings.limits;
    for (const entity of [ALL_NODES, NODE] as const) {
      for (const [name, value] of this.#changed.get(entity) ?? []) {
        limits = { ...limits, ...findBrokerConfig(name)?.setting?.write?.(value).limits };
      }
    }
    this.#limits = limits;
  }

  #defaultsOfTopics(): ConfigDefaults {
    const defaults: Record<string, string> = {};
    for (const definition of TOPIC_CONFIGS) {
      const [inForce] = this.defaultsOf(definition);
      if (inForce === undefined || inForce.source === ConfigSource.DEFAULT) continue;
      const factor = definition.brokerKeys.find(({ name }) => name === inForce.name)?.factor;
      defaults[definition.name] = factor === undefined ? inForce.value : `${Number(inForce.value) * factor}`;
    }
    return defaults;
  }

  *#changes(): Iterable<Change<Line>> {
    for (const [entity, values] of this.#changed) yield [entity, Object.fromEntries(values)];
  }
}

function entry(name: string, value: string | undefined, source: ConfigSource): ConfigEntry[] {
  return value === undefined ? [] : [{ name, value, source }];
}

function parseLine(value: unknown): Line | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
