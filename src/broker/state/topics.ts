/**
 * All topics, kept in a journal; their logs lie in `topics/<topic id>/<partition>/`, so that a topic made again under
 * an old name never meets the old one's records, and a name may be whatever Kafka allows on any file system.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { logger } from "../../base/log.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { type Change, Journal } from "./journal.ts";
import { Partition } from "./partition.ts";
import type { ProducerStatesOptions } from "./producer_states.ts";
import { type Storage, StorageError } from "./storage.ts";
import type { TailPool } from "./tail.ts";
import { Topic } from "./topic.ts";
import type { ConfigDefaults } from "./topic_config.ts";

const log = logger("broker");

const JOURNAL_PATH = "journals/topics.log";
const FOLDER = "topics";

/** What topics are made with. */
export interface TopicsOptions {
  readonly storage: Storage;
  readonly tails: TailPool;
  /** The defaults of their configs in force. */
  readonly defaults: () => ConfigDefaults;
  readonly producers: ProducerStatesOptions;
  readonly fsync: boolean;
  /** Told of a name before a topic is made that has it; what it throws keeps the topic from being made. */
  readonly onName?: (name: string) => void;
  /** @default none: they are the caller's */
  readonly checkpoints?: Checkpoints;
}

/** A topic as the journal has it. */
interface TopicLine {
  readonly topicId: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** What {@linkcode Topics.open} came across. */
export interface TopicsRecovery {
  readonly topicsCount: number;
  readonly partitionsCount: number;
  readonly recordsCount: number;
  readonly cutBytes: number;
  /** Lines for the log. */
  readonly notes: readonly string[];
}

/** See the module. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #journal: Journal<TopicLine>;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  readonly #byMetricName = new Map<string, Topic>();
  #partitionsCount = 0;

  /** @throws {StorageError} */
  constructor(options: TopicsOptions) {
    this.#options = options;
    this.#journal = new Journal(options.storage, JOURNAL_PATH);
  }

  /** Reads all topics and their logs. One that is damaged is there, but not served. @throws {StorageError} */
  open(nowMs: number): TopicsRecovery {
    const lines = new Map<string, TopicLine>();
    const deletedIds = new Set<string>();
    const notes = this.#journal.replay(parseLine, ([name, line]) => {
      if (line !== null) return void lines.set(name, line);
      const deleted = lines.get(name);
      if (deleted !== undefined) deletedIds.add(deleted.topicId);
      lines.delete(name);
    });
    let recordsCount = 0;
    let cutBytes = 0;
    for (const [name, line] of lines) {
      const topic = this.#add(name, line.topicId, new Map(Object.entries(line.configs)));
      this.#addPartitions(topic, line.partitions);
      for (const partition of topic.partitions) {
        try {
          const recovery = partition.open(nowMs);
          recordsCount += recovery.recordsCount;
          cutBytes += recovery.cutBytes;
          notes.push(...recovery.notes.map((note) => `${name}-${partition.index}: ${note}`));
        } catch (error) {
          partition.fault = describeError(error);
          notes.push(`${name}-${partition.index} is not served: ${partition.fault}`);
        }
      }
    }
    this.#removeLeftovers(deletedIds, notes);
    return { topicsCount: lines.size, partitionsCount: this.#partitionsCount, recordsCount, cutBytes, notes };
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Over all topics. */
  get partitionsCount(): number {
    return this.#partitionsCount;
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byId(topicId: string): Topic | undefined {
    return this.#byId.get(topicId);
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#byName.get(name)?.partitions[index];
  }

  all(): Iterable<Topic> {
    return this.#byName.values();
  }

  /** Makes a topic, whose name is legal and not taken. @throws {StorageError} it was not made */
  create(name: string, partitions: number, overrides: ReadonlyMap<string, string>): Topic {
    const topicId = crypto.randomUUID();
    const configs = Object.fromEntries(overrides);
    this.#options.onName?.(name);
    this.#journal.append([[name, { topicId, partitions, configs }]]);
    const topic = this.#add(name, topicId, overrides);
    this.#addPartitions(topic, partitions);
    return topic;
  }

  /** Raises a topic's partitions to `total`. @throws {StorageError} nothing was changed */
  addPartitions(topic: Topic, total: number): void {
    this.#journal.append([[topic.name, lineOf(topic, total)]]);
    this.#addPartitions(topic, total);
  }

  /** Sets a topic's configs, in place of all that were. @throws {StorageError} nothing was changed */
  alter(topic: Topic, overrides: ReadonlyMap<string, string>): void {
    this.#journal.append([[topic.name, {
      ...lineOf(topic, topic.partitions.length),
      configs: Object.fromEntries(overrides),
    }]]);
    topic.configure(overrides, this.#options.defaults());
    this.#journal.compact(this.#byName.size, () => this.#changes());
  }

  /** Tells all topics that the defaults of their configs have changed. */
  defaultsChanged(): void {
    for (const topic of this.#byName.values()) topic.configure(topic.overrides, this.#options.defaults());
  }

  /** The topic whose name another's is taken for in names of metrics: they differ in '.' and '_' only. */
  collidingWith(name: string): Topic | undefined {
    return this.#byMetricName.get(metricName(name));
  }

  /** Deletes a topic with its records. Files that the disk keeps are for the next start. @throws {StorageError} nothing was changed */
  delete(topic: Topic): void {
    this.#journal.append([[topic.name, null]]);
    this.#byName.delete(topic.name);
    this.#byId.delete(topic.topicId);
    this.#byMetricName.delete(metricName(topic.name));
    this.#partitionsCount -= topic.partitions.length;
    for (const partition of topic.partitions) partition.close();
    try {
      this.#options.storage.remove(`${FOLDER}/${topic.topicId}`);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error(
        `Cannot remove the files of topic '${topic.name}', which is deleted: ${describeError(error)}`,
      );
    }
    this.#journal.compact(this.#byName.size, () => this.#changes());
  }

  /** Makes the topics themselves survive a power loss, and that others are gone. @throws {StorageError} */
  async sync(): Promise<void> {
    await Promise.all([this.#journal.sync(), this.#options.storage.syncNames(FOLDER)]);
  }

  /** Ends the use of all logs; the files stay. */
  close(): void {
    for (const topic of this.#byName.values()) {
      for (const partition of topic.partitions) partition.close();
    }
  }

  #add(name: string, topicId: string, overrides: ReadonlyMap<string, string>): Topic {
    const topic = new Topic(name, topicId, overrides, this.#options.defaults());
    this.#byName.set(name, topic);
    this.#byMetricName.set(metricName(name), topic);
    this.#byId.set(topicId, topic);
    return topic;
  }

  #addPartitions(topic: Topic, total: number): void {
    const { storage, tails, producers, fsync, checkpoints } = this.#options;
    const options = { storage, tails, producers, fsync, checkpoints };
    for (let index = topic.partitions.length; index < total; index++) {
      const folder = `${FOLDER}/${topic.topicId}/${index}`;
      topic.partitions.push(new Partition(index, folder, options));
      this.#partitionsCount++;
    }
  }

  /** Removes the folders of topics that were deleted when a crash came between. One that nobody knows is not touched. */
  #removeLeftovers(deletedIds: ReadonlySet<string>, notes: string[]): void {
    for (const topicId of this.#options.storage.list(FOLDER)) {
      if (this.#byId.has(topicId)) continue;
      if (!deletedIds.has(topicId)) {
        notes.push(`'${FOLDER}/${topicId}' is of no topic that the journal has; left as it is`);
        continue;
      }
      try {
        this.#options.storage.remove(`${FOLDER}/${topicId}`);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        notes.push(describeError(error));
      }
    }
  }

  *#changes(): Iterable<Change<TopicLine>> {
    for (const topic of this.#byName.values()) yield [topic.name, lineOf(topic, topic.partitions.length)];
  }
}

function metricName(name: string): string {
  return name.replaceAll(".", "_");
}

function lineOf(topic: Topic, partitions: number): TopicLine {
  return { topicId: topic.topicId, partitions, configs: Object.fromEntries(topic.overrides) };
}

function parseLine(value: unknown): TopicLine | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { topicId, partitions, configs } = value as Partial<Record<keyof TopicLine, unknown>>;
  if (typeof topicId !== "string" || typeof partitions !== "number") return undefined;
  const entries = Object.entries(typeof configs === "object" && configs !== null ? configs : {});
  return {
    topicId,
    partitions,
    configs: Object.fromEntries(entries.map(([name, text]) => [name, String(text)])),
  };
}
