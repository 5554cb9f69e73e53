/**
 * `parley reply TOPIC`: answers requests, until it is stopped.
 *
 * @module
 */
import { Argument, Command, Option } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import { post } from "../demos/chat/brains/http.ts";
import { runCommand } from "../demos/chat/brains/exec.ts";
import type { MessageValue } from "../kafka/serialize.ts";
import type { Request } from "../toolkit/replier.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { count, groupName, topicName } from "./options.ts";

const CLIENT_ID = "parley-reply";

interface ReplyFlags {
  readonly echo?: boolean;
  readonly exec?: string;
  readonly http?: string;
  readonly group?: string;
  readonly concurrency: number;
}

/** What answers. */
type Answer = (request: Request, signal: AbortSignal) => Promise<MessageValue>;

/** See the module. */
export function replyCommand(context: Context): Command {
  const command = new Command("reply")
    .description("Answer requests, until stopped. Callers may be Parley, Spring or NestJS.")
    .addArgument(
      new Argument("<TOPIC>", "where the requests come from; created if it is not there").argParser(
        topicName,
      ),
    )
    .addOption(new Option("--echo", "the reply is the request").conflicts(["exec", "http"]))
    .addOption(
      new Option("--exec <CMD>", "the request on stdin of a command, its stdout is the reply").conflicts([
        "http",
      ]),
    )
    .option("--http <URL>", "the request by POST, the body that comes back is the reply")
    .option("--group <GROUP>", "who shares the requests (default: parley.reply.TOPIC)", groupName)
    .option("--concurrency <N>", "requests that are worked on at the same time", count, 16)
    .action(async (topic: string, flags: ReplyFlags) =>
      context.end(await reply(context.io, command, topic, flags))
    );
  return addSettings(command);
}

async function reply(io: Io, command: Command, topic: string, flags: ReplyFlags): Promise<number> {
  const config = configOf(command, CLIENT_ID);
  const answer = answerOf(flags);
  const { signal, stdout, stderr } = io;
  const complain = (message: string) => stderr.write(`parley: ${message}\n`);
  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble: complain }), signal);
  const [{ Admin }, { Replier }] = await Promise.all([
    import("../kafka/admin.ts"),
    import("../toolkit/replier.ts"),
  ]);
  {
    await using admin = await Admin.connect(host.settings, signal);
    await untilAborted(admin.createTopics([{ topic }]), signal);
  }
  await using _replier = await Replier.start({
    settings: host.settings,
    topic,
    groupId: flags.group ?? `parley.reply.${topic}`,
    concurrency: flags.concurrency,
    signal,
    handler: async (request, context) => {
      try {
        return await answer(request, context.signal);
      } catch (error) {
        // Who reads the complaints slowly is waited for, but for the end.
        const told = complain(
          `${topic}/${request.partition} at offset ${request.offset}: ${describeError(error)}`,
        );
        await untilAborted(told, signal).catch(() => {});
        throw error;
      }
    },
  });
  stdout.write(`answering on ${topic}, Kafka ${host.served.address}, ${host.served.how}\n`);
  await untilAborted(new Promise<never>(() => {}), signal).catch(() => {});
  return EXIT.ok;
}

/** @throws {ConfigError} unless exactly one way to answer is chosen */
function answerOf({ echo, exec, http }: ReplyFlags): Answer {
  if (echo) return ({ value }) => Promise.resolve(value);
  if (exec !== undefined) return (request, signal) => runCommand(exec, request.text(), signal);
  if (http === undefined) throw new ConfigError(["reply needs one of --echo, --exec CMD, --http URL"]);
  if (!/^https?:\/\//.test(http) || !URL.canParse(http)) {
    throw new ConfigError([`--http: '${http}' is not an http:// or https:// URL`]);
  }
  return (request, signal) => post(http, request.text(), {}, signal);
}
