/**
 * `parley demo chat`: a talk of Tony and Jarvis in one terminal, over a real log.
 *
 * @module
 */
import { Command } from "commander";
import { untilAborted } from "../base/stop.ts";
import { ChatDemo } from "../demos/chat/demo.ts";
import { Lines, msText } from "../demos/chat/lines.ts";
import { WORKERS } from "../workers.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";

/** On a terminal somebody reads along. */
const PAUSE_MS = 500;

/** See the module. */
export function demoCommand(context: Context): Command {
  const demo = new Command("demo").description("Have something shown to you.");
  const chat = new Command("chat")
    .description("Tony and Jarvis talk in this terminal, over a real durable log.")
    .action(async () => context.end(await chatDemo(context.io, chat)));
  return demo.addCommand(addSettings(chat));
}

async function chatDemo(io: Io, command: Command): Promise<number> {
  const config = configOf(command, "parley-demo");
  const lines = new Lines("tony", config.color && io.stdout.isTerminal);
  const print = (text: string) => io.stdout.write(`${text}\n`);
  const opening = openHost(config, "parley-demo", { onTrouble: (message) => print(lines.trouble(message)) });
  opening.catch(() => {});
  await using resources = new AsyncDisposableStack();
  resources.defer(async () => (await opening.catch(() => undefined))?.[Symbol.asyncDispose]());
  const demo = resources.use(
    new ChatDemo({
      workers: { sender: WORKERS.chatSender, replier: WORKERS.chatReplier },
      lines,
      print,
      pauseMs: io.stdout.isTerminal ? PAUSE_MS : 0,
      signal: io.signal,
    }),
  );
  const { settings, served } = await untilAborted(opening, io.signal);
  print(lines.notice(`Kafka: ${served.address}, ${served.how}`));
  const stats = await untilAborted(demo.run(settings, served), io.signal);
  print([
    "",
    `${lines.bold("That was real:")} ${stats.answered} requests of Tony's, each through the log and back: ` +
    `p50 ${msText(stats.p50Ms)}, p99 ${msText(stats.p99Ms)}.`,
    `Broker: ${served.address}, ${served.how}.`,
    "Try next, in two terminals:  deno task chat tony   and   deno task chat jarvis",
    "Or one question:             deno task chat tony --say status",
  ].join("\n"));
  return EXIT.ok;
}
