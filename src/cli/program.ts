/**
 * The command line: which commands there are, and how their ends become exit codes.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { ConfigError, describeError } from "../base/errors.ts";
import { brokerCommand } from "./broker.ts";
import { chatCommand } from "./chat.ts";
import { completionCommand } from "./completion.ts";
import { consumeCommand } from "./consume.ts";
import { type Context, EXIT } from "./context.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { groupsCommand } from "./groups.ts";
import type { Io } from "./io.ts";
import { produceCommand } from "./produce.ts";
import { replyCommand } from "./reply.ts";
import { requestCommand } from "./request.ts";
import { topicsCommand } from "./topics.ts";
import { VERSION } from "./version.ts";

/** The whole command line. `end` is told the exit code of the command that ran. */
export function buildProgram(context: Context): Command {
  const { io } = context;
  const program = new Command("parley")
    .description("An event relay for Apache Kafka: requests and replies, with nothing to set up.")
    .version(VERSION, "-V, --version")
    .option("--verbose", "tell more, and show where an error came from")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(oneLine(text)),
    });
  const commands = [
    chatCommand,
    demoCommand,
    produceCommand,
    consumeCommand,
    requestCommand,
    replyCommand,
    topicsCommand,
    groupsCommand,
    brokerCommand,
    doctorCommand,
  ];
  for (const create of commands) program.addCommand(inherit(create(context), program));
  program.addCommand(inherit(completionCommand(context, program), program));
  return program;
}

/** What Commander says of wrong usage, as a line of ours. */
function oneLine(text: string): string {
  const said = text.trim().replace(/^error: /, "").replaceAll("\n", " ")
    // It says the same twice: the value is invalid, and what is wrong with it.
    .replace(/^command-argument value '.*' is invalid for argument '(.+?)'\. (?!Allowed)/, "$1: ")
    .replace(/^option '(\S+).*?' argument '.*' is invalid\. (?!Allowed)/, "$1: ");
  return `parley: ${said}\n`;
}

/** Commander hands settings down only to commands that it makes itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command.option("--verbose", "tell more, and show where an error came from");
}

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code: 0, 1 if it failed, 2 if it was used wrongly
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram({ io, end: (code) => exitCode = code });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said it already; asking for help or the version is no error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
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
