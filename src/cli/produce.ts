/**
 * `parley produce TOPIC [VALUE | -]`: writes records, and prints where they have come to lie.
 *
 * @module
 */
import { Argument, Command, Option } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import type { DeliveryReport } from "../kafka/producer.ts";
import type { MessageValue } from "../kafka/serialize.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { header, topicName } from "./options.ts";

/** Lines that are on their way at the same time. */
const MAX_IN_FLIGHT = 1_000;
const CLIENT_ID = "parley-produce";

interface ProduceFlags {
  readonly key?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly format: "json" | "string" | "bytes";
  readonly json?: boolean;
}

/** See the module. */
export function produceCommand(context: Context): Command {
  const command = new Command("produce")
    .description("Write records; each line of stdin is one. A topic that is not there is created.")
    .addArgument(new Argument("<TOPIC>", "where to").argParser(topicName))
    .argument("[VALUE]", "the value; `-`, or nothing, takes stdin")
    .option("--key <KEY>", "records of one key stay in order")
    .option("--header <KEY=VALUE>", "a header; may be repeated", header)
    .addOption(
      new Option(
        "--format <FORMAT>",
        "string: as it is; json: checked, and written with sorted keys; " +
          "bytes: a VALUE is base64, stdin is one record, byte for byte",
      ).choices(["json", "string", "bytes"]).default("string"),
    )
    .option("--json", "delivery reports as JSON lines (also when piped)")
    .action(async (topic: string, value: string | undefined, flags: ProduceFlags) =>
      context.end(await produce(context.io, command, topic, value, flags))
    );
  return addSettings(command);
}

async function produce(
  io: Io,
  command: Command,
  topic: string,
  value: string | undefined,
  flags: ProduceFlags,
): Promise<number> {
  const config = configOf(command, CLIENT_ID);
  const { signal, stdout, stderr } = io;
  // Read before anything is opened: what is wrong is said at once.
  const given = value === undefined || value === "-" ? undefined : parseValue(value, flags.format);
  const complain = (text: string) => stderr.write(`parley: ${text}\n`);
  const report = ({ partition, offset, timestamp }: DeliveryReport) => {
    const isJson = flags.json ?? !stdout.isTerminal;
    const text = isJson
      ? JSON.stringify({ topic, partition, offset: String(offset), timestamp })
      : `${topic}/${partition} at offset ${offset}`;
    return stdout.write(`${text}\n`);
  };

  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble: complain }), signal);
  const [{ Admin }, { Producer }] = await Promise.all([
    import("../kafka/admin.ts"),
    import("../kafka/producer.ts"),
  ]);
  {
    await using admin = await Admin.connect(host.settings, signal);
    await untilAborted(admin.createTopics([{ topic }]), signal);
  }
  await using producer = await Producer.connect(host.settings, { signal });
  const send = (one: MessageValue) =>
    producer.send({
      topic,
      value: one,
      ...(flags.key === undefined ? {} : { key: flags.key }),
      ...(flags.header === undefined ? {} : { headers: flags.header }),
    });

  if (given !== undefined) await report(await untilAborted(send(given), signal));
  else if (flags.format === "bytes") await report(await untilAborted(send(await io.stdin.bytes()), signal));
  else return await untilAborted(sendLines(io, flags.format, send, report, complain), signal);
  return EXIT.ok;
}

/** One record a line; reports come in the order of the lines, and one that fails holds up no other. */
async function sendLines(
  io: Io,
  format: "json" | "string",
  send: (value: MessageValue) => Promise<DeliveryReport>,
  report: (report: DeliveryReport) => Promise<unknown>,
  complain: (text: string) => Promise<unknown>,
): Promise<number> {
  const inFlight: Promise<void>[] = [];
  let lineNumber = 0;
  let failed = 0;
  let reported = Promise.resolve();
  for await (const line of io.stdin.lines()) {
    const at = ++lineNumber;
    const sending = Promise.try(() => send(parseValue(line, format)));
    sending.catch(() => {});
    reported = reported.then(async () => {
      try {
        await report(await sending);
      } catch (error) {
        failed++;
        await complain(`line ${at}: ${describeError(error)}`);
      }
    });
    inFlight.push(reported);
    if (inFlight.length >= MAX_IN_FLIGHT) await inFlight.shift();
  }
  await reported;
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

/** @throws {ConfigError} if `text` is not of that format */
function parseValue(text: string, format: ProduceFlags["format"]): MessageValue {
  try {
    switch (format) {
      case "string":
        return text;
      case "bytes":
        return Uint8Array.fromBase64(text);
      case "json": {
        const value: unknown = JSON.parse(text);
        return typeof value === "object" && value !== null ? value : JSON.stringify(value);
      }
    }
  } catch (error) {
    throw new ConfigError([
      `'${text}' is not ${format === "json" ? "JSON" : "base64"}: ${describeError(error)}`,
    ]);
  }
}
