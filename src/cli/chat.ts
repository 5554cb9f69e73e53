/**
 * `parley chat NAME`: talks to another participant, at a terminal or from a script.
 *
 * @module
 */
import { Command } from "commander";
import { describeError } from "../base/errors.ts";
import { untilAborted } from "../base/stop.ts";
import type { Config } from "../config.ts";
import type { Outcome } from "../demos/chat/asking.ts";
import { type BrainSpec, brainText, defaultBrain } from "../demos/chat/brains/spec.ts";
import { jsonLine, Lines, outcomeJson } from "../demos/chat/lines.ts";
import { defaultPeer } from "../demos/chat/names.ts";
import { Participant, type ParticipantEvent } from "../demos/chat/participant.ts";
import { printable } from "../demos/chat/printable.ts";
import type { ScriptResult } from "../demos/chat/script.ts";
import { WORKERS } from "../workers.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { type Host, openHost, type Served } from "./host.ts";
import { type Io, OutputClosedError } from "./io.ts";
import { brain, collect, participantName, timeoutOption } from "./options.ts";

interface ChatFlags {
  readonly to?: string;
  readonly say?: readonly string[];
  readonly brain?: BrainSpec;
  readonly json?: boolean;
  readonly timeout: number;
}

/** See the module. */
export function chatCommand(context: Context): Command {
  const command = new Command("chat")
    .description("Talk to another participant: `parley chat tony` here, `parley chat jarvis` there.")
    .argument("<NAME>", "who you are: jarvis is a butler, everybody else a person", participantName)
    .option("--to <PEER>", "whom to talk to (default: jarvis; for jarvis: tony)", participantName)
    .option("--say <TEXT>", "say this, print the reply, and leave; may be repeated", collect)
    .option("--brain <SPEC>", "who answers: human, butler, echo, exec:CMD, http:URL", brain)
    .option("--json", "one JSON object per message")
    .addOption(timeoutOption("30s"))
    .action(async (name: string, flags: ChatFlags) =>
      context.end(await chat(context.io, command, name, flags))
    );
  return addSettings(command);
}

/** What a run of the command goes by. */
interface Setup {
  readonly io: Io;
  readonly config: Config;
  readonly name: string;
  readonly peer: string;
  readonly flags: ChatFlags;
  readonly lines: Lines;
}

async function chat(io: Io, command: Command, name: string, flags: ChatFlags): Promise<number> {
  const config = configOf(command, clientIdOf(name));
  const lines = new Lines(name, config.color && io.stdout.isTerminal);
  const setup = { io, config, name, peer: flags.to ?? defaultPeer(name), flags, lines };
  const isAtTerminal = io.stdin.isTerminal && io.stdout.isTerminal && flags.say === undefined;
  return isAtTerminal ? await atTerminal(setup) : await fromScript(setup);
}

/** A person at a keyboard: until they leave. */
async function atTerminal(setup: Setup): Promise<number> {
  const { io, name, peer, flags, lines } = setup;
  const left = Promise.withResolvers<void>();
  const { Terminal } = await import("../demos/chat/terminal.ts");
  const { Talk } = await import("../demos/chat/talk.ts");
  // Before there is a broker: what is typed meanwhile is sent when there is one.
  using terminal = new Terminal({
    prompt: lines.prompt(undefined),
    onLine: (line) => talk.typed(line),
    onLeave: () => left.resolve(),
  });
  const brain = flags.brain ?? defaultBrain(name);
  await using running = new Running(setup, brain, {
    event: (event) => {
      const text = flags.json ? eventJson(name, event) : eventText(lines, name, brain, event);
      if (text !== undefined) terminal.show(text);
      talk.refreshPrompt();
    },
    changed: (served) => terminal.show(lines.notice(changeText(served))),
    trouble: (message) => terminal.show(lines.trouble(message)),
  });
  const { participant } = running;
  const talk = new Talk({
    participant,
    screen: terminal,
    lines,
    peer,
    timeoutMs: flags.timeout,
    json: flags.json ?? false,
    leave: () => left.resolve(),
  });
  const isOver = Promise.race([left.promise, aborted(io.signal)]);
  const served = await Promise.race([running.start(), isOver]);
  if (served !== undefined) {
    terminal.show(lines.notice(
      `You are ${name}${brain.kind === "human" ? "" : ` (${brainText(brain)})`}, talking to ${peer}. ` +
        `Kafka: ${served.address}, ${served.how}. /help`,
    ));
  }
  await isOver;
  return EXIT.ok;
}

/** Texts, or the lines of a pipe; or nothing to say, but a brain that serves until it is stopped. */
async function fromScript(setup: Setup): Promise<number> {
  const { io, name, peer, flags, lines } = setup;
  const print = async (text: string) => void await io.stdout.write(`${text}\n`);
  const complain = (text: string) => io.stderr.write(`parley: ${text}\n`);
  // Who only runs a script does not take requests that somebody else of that name could answer better.
  const own = defaultBrain(name);
  const brain = flags.brain ?? (flags.say === undefined && own.kind !== "human" ? own : undefined);
  await using running = new Running(setup, brain, {
    event: (event) => {
      const text = flags.json ? eventJson(name, event) : eventText(lines, name, brain, event);
      return text === undefined ? undefined : print(text);
    },
    changed: (served) => complain(changeText(served)),
    trouble: complain,
  });
  const { participant } = running;
  const served = await untilAborted(running.start(), io.signal);
  const { sayAll, sendLines } = await import("../demos/chat/script.ts");
  const options = {
    participant,
    peer,
    timeoutMs: flags.timeout,
    signal: io.signal,
    print: async (outcome: Outcome) => {
      // Who ends the program knows that there is no answer.
      if (io.signal.aborted) return;
      if (flags.json) await print(outcomeJson(name, outcome));
      else if (outcome.ok) await print(io.stdout.isTerminal ? printable(outcome.text) : outcome.text);
      else complain(outcome.error);
    },
  };
  if (flags.say !== undefined) return exitCode(await untilAborted(sayAll(flags.say, options), io.signal));
  const answersByItself = brain !== undefined && brain.kind !== "human";
  if (answersByItself) {
    complain(`${name} (${brainText(brain)}) answers. Kafka: ${served.address}, ${served.how}`);
  }
  const talking = sendLines(io.stdin.lines(), options);
  const result = await Promise.race([talking, aborted(io.signal)]);
  if (result === undefined || result.sent === 0 && answersByItself) await aborted(io.signal);
  if (answersByItself && io.signal.reason instanceof OutputClosedError) {
    // Others may depend on it: it does not go without a word.
    complain(`${name} leaves: ${describeError(io.signal.reason)}`);
    return EXIT.failed;
  }
  if (result === undefined) return answersByItself ? EXIT.ok : EXIT.failed;
  return exitCode(result);
}

/** Who is told what happens. */
interface Reporter {
  readonly event: (event: ParticipantEvent) => void | Promise<void>;
  readonly changed: (served: Served) => void;
  readonly trouble: (message: string) => void;
}

/** A participant and its Kafka. Both begin to load at once. */
class Running implements AsyncDisposable {
  readonly participant: Participant;
  readonly #opening: Promise<Host>;

  constructor({ config, name }: Setup, brain: BrainSpec | undefined, reporter: Reporter) {
    this.#opening = openHost(config, clientIdOf(name), {
      onChange: (served) => {
        reporter.changed(served);
        this.participant.brokerChanged(served);
      },
      onTrouble: reporter.trouble,
    });
    this.#opening.catch(() => {});
    const workers = { sender: WORKERS.chatSender, replier: WORKERS.chatReplier };
    this.participant = new Participant({ name, workers, brain, onEvent: reporter.event });
  }

  /** @returns which Kafka it is */
  async start(): Promise<Served> {
    const host = await this.#opening;
    await this.participant.start(host.settings, host.served);
    return host.served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.participant[Symbol.asyncDispose]();
    const host = await this.#opening.catch(() => undefined);
    await host?.[Symbol.asyncDispose]();
  }
}

/** What happened, for a person; undefined if they know already. */
function eventText(
  lines: Lines,
  name: string,
  brain: BrainSpec | undefined,
  event: ParticipantEvent,
): string | undefined {
  switch (event.type) {
    case "asked":
      return lines.asked(event, event.needsAnswer);
    case "told":
      return lines.told(event.from, event.text);
    case "answered":
      return brain?.kind === "human" ? undefined : lines.said(name, event.text);
    case "unanswered":
      return lines.trouble(`${event.question.from} got no answer: ${event.error}`);
    case "trouble":
      return lines.trouble(event.message);
  }
}

/** What happened, as JSON. */
function eventJson(name: string, event: ParticipantEvent): string {
  switch (event.type) {
    case "asked":
    case "told":
      return jsonLine({ ...event, to: name });
    case "answered":
      return jsonLine({ id: event.question.id, from: name, to: event.question.from, text: event.text });
    case "unanswered":
      return jsonLine({ id: event.question.id, from: name, to: event.question.from, error: event.error });
    case "trouble":
      return JSON.stringify({ error: event.message });
  }
}

function changeText(served: Served): string {
  const who = served.isHere ? "this process" : "another process";
  return `The broker went away; ${who} serves ${served.address} now, and the talk goes on`;
}

function exitCode({ failed }: ScriptResult): number {
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function clientIdOf(name: string): string {
  return `parley-chat-${name}`;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return untilAborted(new Promise<undefined>(() => {}), signal).catch(() => undefined);
}
