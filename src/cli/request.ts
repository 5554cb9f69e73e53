/**
 * `parley request TOPIC VALUE`: asks, and prints the reply.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { untilAborted } from "../base/stop.ts";
import { printable } from "../demos/chat/printable.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { header, timeoutOption, topicName } from "./options.ts";

const CLIENT_ID = "parley-request";

interface RequestFlags {
  readonly timeout: number;
  readonly key?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

/** See the module. */
export function requestCommand(context: Context): Command {
  const command = new Command("request")
    .description(
      "Send a request, and print the reply. Whoever speaks Spring's or NestJS's headers can answer.",
    )
    .addArgument(new Argument("<TOPIC>", "where the requests go").argParser(topicName))
    .argument("<VALUE>", "the request")
    .addOption(timeoutOption("5s"))
    .option("--key <KEY>", "the request's key")
    .option("--header <KEY=VALUE>", "a header; may be repeated", header)
    .option("--json", "the reply as a line of JSON")
    .action(async (topic: string, value: string, flags: RequestFlags) =>
      context.end(await request(context.io, command, topic, value, flags))
    );
  return addSettings(command);
}

async function request(
  { stdout, stderr, signal }: Io,
  command: Command,
  topic: string,
  value: string,
  flags: RequestFlags,
): Promise<number> {
  const config = configOf(command, CLIENT_ID);
  const onTrouble = (message: string) => stderr.write(`parley: ${message}\n`);
  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble }), signal);
  const { Requester } = await import("../toolkit/requester.ts");
  await using requester = await Requester.start({
    settings: host.settings,
    replyTopic: `parley.replies.${crypto.randomUUID()}`,
    signal,
  });
  const { key, header: headers, timeout: timeoutMs, json = false } = flags;
  const reply = await requester.request(topic, {
    value,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  }, { timeoutMs, signal });
  const text = reply.text();
  if (json) {
    const { id, partition, offset, rttMs } = reply;
    await stdout.write(
      `${JSON.stringify({ id, topic: reply.topic, partition, offset: String(offset), rttMs, text })}\n`,
    );
  } else {
    await stdout.write(`${stdout.isTerminal ? printable(text) : text}\n`);
  }
  return EXIT.ok;
}
