/**
 * `parley completion SHELL`: a script that completes commands and flags.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { type Context, EXIT } from "./context.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

/** See the module. `program` is what is completed. */
export function completionCommand({ io, end }: Context, program: Command): Command {
  return new Command("completion")
    .description("Print a completion script: `source <(parley completion bash)`.")
    .addArgument(new Argument("<SHELL>", "for which shell").choices([...SHELLS]))
    .action((shell: Shell) => {
      io.stdout.write(script(shell, program));
      end(EXIT.ok);
    });
}

/** What can follow a command: its path, its flags and its subcommands. */
interface Completion {
  readonly path: string;
  readonly words: readonly string[];
}

function script(shell: Shell, program: Command): string {
  const completions = walk(program, "parley");
  switch (shell) {
    case "bash":
      return bash(completions);
    case "zsh":
      return `#compdef parley\nautoload -U +X bashcompinit && bashcompinit\n${bash(completions)}`;
    case "fish":
      return fish(completions);
  }
}

function walk(command: Command, path: string): Completion[] {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.map((option) => option.long ?? option.short ?? ""),
    "--help",
  ].filter((word) => word !== "");
  return [{ path, words }, ...command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`))];
}

/** The longest path of commands that has been typed decides what may follow. */
function bash(completions: readonly Completion[]): string {
  const cases = completions.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`);
  return [
    "_parley() {",
    '  local path="parley" words="" word i',
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    '    word="${COMP_WORDS[i]}"',
    `    case "$path $word" in`,
    ...completions.slice(1).map(({ path }) => `      "${path}") path="$path $word" ;;`),
    "    esac",
    "  done",
    '  case "$path" in',
    ...cases,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    "}",
    "complete -o default -F _parley parley",
    "",
  ].join("\n");
}

function fish(completions: readonly Completion[]): string {
  const lines = completions.flatMap(({ path, words }) => {
    const [, ...commands] = path.split(" ");
    const condition = commands.length === 0
      ? "__fish_use_subcommand"
      : commands.map((command) => `__fish_seen_subcommand_from ${command}`).join("; and ");
    return words.map((word) =>
      word.startsWith("--")
        ? `complete -c parley -n '${condition}' -l ${word.slice(2)}`
        : `complete -c parley -n '${condition}' -f -a ${word}`
    );
  });
  return `${lines.join("\n")}\n`;
}
