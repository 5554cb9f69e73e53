/**
 * `parley consume TOPIC`: prints records as they come.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import type { ConsumedRecord } from "../kafka/record.ts";
import type { KafkaSettings } from "../kafka/settings.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { count, groupName, topicName } from "./options.ts";
import { recordJson, recordText } from "./records.ts";

const CLIENT_ID = "parley-consume";
/** Records of a group that are being printed: a bound for the memory, where they are large and nobody reads on. */
const MAX_UNFINISHED = 100;
/** At the end, what is being printed gets this long to be read, so that nobody prints it again. */
const LAST_WORDS_MS = 1_000;

/** Where to begin: at an end, an offset of each partition, or a time. */
type From = "earliest" | "latest" | bigint | Date;

interface ConsumeFlags {
  readonly from: From;
  readonly group?: string;
  readonly max?: number;
  readonly json?: boolean;
}

/** See the module. */
export function consumeCommand(context: Context): Command {
  const command = new Command("consume")
    .description("Print records as they come, until stopped or --max.")
    .addArgument(new Argument("<TOPIC>", "where from").argParser(topicName))
    .option(
      "--from <WHERE>",
      "earliest, latest, an offset, or a time such as 2026-01-31T12:00Z",
      parseFrom,
      "latest",
    )
    .option(
      "--group <GROUP>",
      "share the records with the group, and go on where it was; --from holds for its start",
      groupName,
    )
    .option("--max <N>", "end after so many", count)
    .option("--json", "JSON lines (also when piped)")
    .action(async (topic: string, flags: ConsumeFlags) =>
      context.end(await consume(context.io, command, topic, flags))
    );
  return addSettings(command);
}

function parseFrom(text: string): From {
  if (text === "earliest" || text === "latest") return text;
  if (/^\d+$/.test(text)) return BigInt(text);
  const time = new Date(text);
  if (!/^\d{4}-/.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError(`'${text}' is none of earliest, latest, an offset, an ISO 8601 time.`);
  }
  return time;
}

async function consume(io: Io, command: Command, topic: string, flags: ConsumeFlags): Promise<number> {
  const config = configOf(command, CLIENT_ID);
  const { signal, stdout, stderr } = io;
  const { group, from, max, json = !stdout.isTerminal } = flags;
  if (group !== undefined && from !== "earliest" && from !== "latest") {
    throw new ConfigError([
      "--from takes earliest or latest with --group: the group's own place comes first",
    ]);
  }
  const onTrouble = (message: string) => void stderr.write(`parley: ${message}\n`);
  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble }), signal);

  const enough = Promise.withResolvers<void>();
  let taken = 0;
  const print = async (records: readonly ConsumedRecord[]): Promise<readonly ConsumedRecord[]> => {
    const wanted = max === undefined ? records : records.slice(0, max - taken);
    if (wanted.length === 0) return wanted;
    taken += wanted.length;
    const isLast = taken === max;
    const text = wanted.map((record) => `${json ? recordJson(record) : recordText(record)}\n`).join("");
    const isWritten = await stdout.write(text);
    if (isLast) enough.resolve();
    return isWritten ? wanted : [];
  };
  {
    // A reader waits for a topic; a person who misspelt its name had rather be told.
    const { Admin } = await import("../kafka/admin.ts");
    await using admin = await Admin.connect(host.settings, signal);
    await untilAborted(admin.describeTopics([topic]), signal);
  }
  const reading = { settings: host.settings, topic, print, onTrouble, signal };
  await using _reader = group === undefined ? await readAll(reading, from) : await readAsGroup(reading, {
    groupId: group,
    from: from === "earliest" ? "earliest" : "latest",
    // Beyond --max nothing is printed, and so nothing waited for.
    stopTimeoutMs: max === undefined ? LAST_WORDS_MS : 1,
  });
  await untilAborted(enough.promise, signal).catch(() => {});
  return EXIT.ok;
}

/** What is read, and for whom. */
interface Reading {
  readonly settings: KafkaSettings;
  readonly topic: string;
  /**
   * Resolves when they are printed: who reads slowly slows the reading of the topic.
   *
   * @returns those that were: the last ones are not when there have been enough
   */
  readonly print: (records: readonly ConsumedRecord[]) => Promise<readonly ConsumedRecord[]>;
  readonly onTrouble: (message: string) => void;
  readonly signal: AbortSignal;
}

async function readAll(reading: Reading, from: From): Promise<AsyncDisposable> {
  const { settings, topic, print, onTrouble, signal } = reading;
  const { PartitionReader } = await import("../kafka/partition_reader.ts");
  return await PartitionReader.start(settings, {
    topic,
    from,
    signal,
    onRecords: async (records) => void await print(records),
    onFault: (fault) => onTrouble(describeError(fault)),
  });
}

async function readAsGroup(
  { settings, topic, print, onTrouble, signal }: Reading,
  group: { groupId: string; from: "earliest" | "latest"; stopTimeoutMs: number },
): Promise<AsyncDisposable> {
  const { GroupConsumer } = await import("../kafka/consumer.ts");
  return await GroupConsumer.start(settings, {
    ...group,
    topics: [topic],
    maxUnfinished: MAX_UNFINISHED,
    signal,
    onBatch: async (records, context) => {
      for (const record of await print(records)) context.done(record);
    },
    onCrash: (fault, retryInMs) => onTrouble(`${describeError(fault)}; tried again in ${retryInMs} ms`),
  });
}
