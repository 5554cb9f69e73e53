/**
 * The command line: which commands there are, and how their ends become exit codes.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { completionCommand } from "./completion.ts";
import { type Context, EXIT } from "./context.ts";
import { type Io, OutputFailedError } from "./io.ts";
import { VERSION } from "./version.ts";

/** The commands, each loaded when it is wanted: a broker starts in half the time without the clients. */
const COMMANDS: Readonly<Record<string, () => Promise<(context: Context) => Command>>> = {
  chat: async () => (await import("./chat.ts")).chatCommand,
  demo: async () => (await import("./demo.ts")).demoCommand,
  produce: async () => (await import("./produce.ts")).produceCommand,
  consume: async () => (await import("./consume.ts")).consumeCommand,
  request: async () => (await import("./request.ts")).requestCommand,
  reply: async () => (await import("./reply.ts")).replyCommand,
  topics: async () => (await import("./topics.ts")).topicsCommand,
  groups: async () => (await import("./groups.ts")).groupsCommand,
  broker: async () => (await import("./broker.ts")).brokerCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
};

/** The command line with the commands of these names. `end` is told the exit code of the command that ran. */
async function buildProgram(context: Context, names: readonly string[]): Promise<Command> {
  const { io } = context;
  const program = new Command("parley")
    .description("An event relay for Apache Kafka: requests and replies, with nothing to set up.")
    .version(VERSION, "-V, --version")
    .option("--verbose", "tell more, and show where an error came from")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(oneLine(text)),
    });
  for (const create of await Promise.all(names.map((name) => COMMANDS[name]?.()))) {
    if (create !== undefined) program.addCommand(inherit(create(context), program));
  }
  program.addCommand(inherit(completionCommand(context, program), program));
  return program;
}

/** What Commander says of wrong usage, as a line of ours. */
function oneLine(text: string): string {
  const said = text.trim().replace(/^error: /, "").replaceAll("\n", " ")
    // It says the same twice: the value is invalid, and what is wrong with it.
    .replace(/^command-argument value '.*' is invalid for argument '(.+?)'\. (?!Allowed)/, "$1: ")
    .replace(/^option '(\S+).*?' argument '.*' is invalid\. (?!Allowed)/, "$1: ")
    .replace(
      /^command-argument value '(.*)' is invalid for argument '(.+?)'\. Allowed choices are /,
      "$2: '$1' is none of ",
    )
    .replace(/^option '(\S+).*?' argument '(.*)' is invalid\. Allowed choices are /, "$1: '$2' is none of ")
    .replace(/^(unknown command '.*')$/, "$1: parley --help names those that there are");
  return `parley: ${said}\n`;
}

/** Commander hands settings down only to commands that it makes itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command.option("--verbose", "tell more, and show where an error came from");
}

/**
 * Runs one command line, and has what it says written.
 *
 * @param args without the program's name
 * @returns the exit code: 0, 1 if it failed, 2 if it was used wrongly
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const exitCode = await runCommand(args, io);
  await io.written();
  const { reason } = io.signal;
  if (!(reason instanceof OutputFailedError)) return exitCode;
  // The command took it for the wish of who runs it.
  const failed = report(reason, io, args.includes("--verbose"));
  await io.written();
  return failed;
}

async function runCommand(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const [first = ""] = args;
  const names = Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
  const program = await buildProgram({ io, end: (code) => exitCode = code }, names);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said it already; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof OutputFailedError) return EXIT.failed;
    return report(error, io, args.includes("--verbose"));
  }
}

/** Says what failed, a line each, and what that is as an exit code. */
function report(error: unknown, io: Io, isVerbose: boolean): number {
  const lines = error instanceof ConfigError ? error.faults : [describeError(error)];
  for (const line of lines) io.stderr.write(`parley: ${line}\n`);
  if (isVerbose && error instanceof Error && error.stack !== undefined) io.stderr.write(`${error.stack}\n`);
  return error instanceof ConfigError ? EXIT.usage : EXIT.failed;
}
