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
import { count, topicName } from "./options.ts";
import { recordJson, recordText } from "./records.ts";

const CLIENT_ID = "parley-consume";
/** Records of a group that are printed and not yet committed. */
const MAX_UNFINISHED = 1_000;

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
  const onTrouble = (message: string) => stderr.write(`parley: ${message}\n`);
  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble }), signal);

  const enough = Promise.withResolvers<void>();
  let printed = 0;
  /** @returns those that were printed: the last ones are not when there have been enough */
  const print = (records: readonly ConsumedRecord[]): readonly ConsumedRecord[] => {
    const wanted = max === undefined ? records : records.slice(0, max - printed);
    stdout.write(wanted.map((record) => `${json ? recordJson(record) : recordText(record)}\n`).join(""));
    printed += wanted.length;
    if (printed === max) enough.resolve();
    return wanted;
  };
  await using _reading = group === undefined
    ? await readAll(host.settings, topic, from, print, onTrouble)
    : await readAsGroup(
      host.settings,
      topic,
      group,
      from === "earliest" ? "earliest" : "latest",
      print,
      onTrouble,
    );
  await untilAborted(enough.promise, signal).catch(() => {});
  return EXIT.ok;
}

async function readAll(
  settings: KafkaSettings,
  topic: string,
  from: From,
  print: (records: readonly ConsumedRecord[]) => readonly ConsumedRecord[],
  onTrouble: (message: string) => void,
): Promise<AsyncDisposable> {
  const { PartitionReader } = await import("../kafka/partition_reader.ts");
  return await PartitionReader.start(settings, {
    topic,
    from,
    onRecords: (records) => void print(records),
    onFault: (fault) => onTrouble(describeError(fault)),
  });
}

async function readAsGroup(
  settings: KafkaSettings,
  topic: string,
  groupId: string,
  from: "earliest" | "latest",
  print: (records: readonly ConsumedRecord[]) => readonly ConsumedRecord[],
  onTrouble: (message: string) => void,
): Promise<AsyncDisposable> {
  const [{ Admin }, { GroupConsumer }] = await Promise.all([
    import("../kafka/admin.ts"),
    import("../kafka/consumer.ts"),
  ]);
  {
    // A group may wait for a topic; a person who misspelt its name had rather be told.
    await using admin = await Admin.connect(settings);
    await admin.topicOffsets(topic);
  }
  return await GroupConsumer.start(settings, {
    groupId,
    topics: [topic],
    from,
    maxUnfinished: MAX_UNFINISHED,
    // What is printed is done; beyond --max nothing will be.
    stopTimeoutMs: 1,
    onBatch: (records, context) => {
      for (const record of print(records)) context.done(record);
    },
    onCrash: (fault, retryInMs) => onTrouble(`${describeError(fault)}; tried again in ${retryInMs} ms`),
  });
}
