/**
 * Parley as a user has it: a process of its own, with the permissions of the task `parley` and nothing else.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PARLEY_FLAGS } from "../support/task_flags.ts";
import { within } from "../../src/base/stop.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const AT_TERMINAL = fileURLToPath(new URL("./at_terminal.py", import.meta.url));
const WAIT_MS = 20_000;

/** Where one test's processes meet: a port, and folders of their own. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly listen: string;
  /** Whether NO_COLOR is left out. */
  color = false;
  readonly #running: Running[] = [];

  constructor() {
    this.folder = Deno.makeTempDirSync({ prefix: "parley-e2e-" });
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.listen = `127.0.0.1:${listener.addr.port}`;
  }

  get dataFolder(): string {
    return join(this.folder, "data");
  }

  /** What the processes see of the environment, besides what they inherit. */
  get environment(): Record<string, string> {
    return {
      PARLEY_LISTEN: this.listen,
      PARLEY_DATA: this.dataFolder,
      KAFKA_BOOTSTRAP_SERVERS: "",
      KAFKA_SECURITY_PROTOCOL: "",
      KAFKA_SASL_MECHANISMS: "",
      KAFKA_SASL_USERNAME: "",
      KAFKA_SASL_PASSWORD: "",
      KAFKA_SSL_CA_LOCATION: "",
      NO_COLOR: this.color ? "" : "1",
      TERM: "xterm",
    };
  }

  /** Starts `parley ARGS`. */
  start(args: readonly string[], environment: Record<string, string> = {}): Running {
    return this.startCommand(Deno.execPath(), ["run", ...PARLEY_FLAGS, MAIN, ...args], environment);
  }

  /** Starts `parley ARGS` at a terminal. */
  startAtTerminal(args: readonly string[], size = { columns: 80, rows: 24 }): Running {
    const command = [Deno.execPath(), "run", ...PARLEY_FLAGS, MAIN, ...args];
    return this.startCommand(
      "python3",
      [AT_TERMINAL, String(size.columns), String(size.rows), ...command],
      {},
    );
  }

  /** Starts `parley ARGS` in a shell, which reads the ARGS. */
  startShell(args: string): Running {
    const command = [Deno.execPath(), "run", ...PARLEY_FLAGS, MAIN].map((word) => `'${word}'`).join(" ");
    return this.startCommand("sh", ["-c", `${command} ${args}`], {});
  }

  /** Starts `deno task parley ARGS` at a terminal: the terminal and the task both send what Ctrl-C means. */
  startTaskAtTerminal(args: readonly string[]): Running {
    const task = [Deno.execPath(), "task", "--quiet", "--config", CONFIG, "parley", ...args];
    return this.startCommand("python3", [AT_TERMINAL, "80", "24", ...task], {});
  }

  startCommand(command: string, args: readonly string[], environment: Record<string, string>): Running {
    const child = new Deno.Command(command, {
      args: [...args],
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new Running(child);
    this.#running.push(running);
    return running;
  }

  /** Runs `parley ARGS` to its end, with `input` on stdin. */
  async run(
    args: readonly string[],
    { input = "", environment = {} }: { input?: string; environment?: Record<string, string> } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const running = this.start(args, environment);
    await running.type(input);
    await running.closeInput();
    const code = await running.ended();
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((running) => running[Symbol.asyncDispose]()));
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A process, and what it has said so far. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdoutReader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: Promise<void>[];
  #stdout = "";
  #stderr = "";
  #onChange: () => void = () => {};
  readonly #mayRead = { stdout: Promise.resolve(), stderr: Promise.resolve() };
  readonly #goOn: (() => void)[] = [];
  /** Told of every piece of stdout as it comes. */
  onStdout: (text: string) => void = () => {};

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#stdoutReader = child.stdout.getReader();
    this.#output = [
      this.#collect(this.#stdoutReader, async (text) => {
        this.#stdout += text;
        this.onStdout(text);
        await this.#mayRead.stdout;
      }),
      this.#collect(child.stderr.getReader(), async (text) => {
        this.#stderr += text;
        await this.#mayRead.stderr;
      }),
    ];
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  async closeInput(): Promise<void> {
    await this.#input.close();
  }

  /** Waits until it has said something of which `isTrue` holds. */
  async until(what: string, isTrue: () => boolean): Promise<void> {
    const changed = async () => {
      while (!isTrue()) await new Promise<void>((resolve) => this.#onChange = resolve);
    };
    await within(changed(), WAIT_MS, () => {
      return new Error(`Waited in vain for ${what}; stdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`);
    });
  }

  untilStdout(pattern: RegExp): Promise<void> {
    return this.until(`${pattern} on stdout`, () => pattern.test(this.#stdout));
  }

  untilStderr(pattern: RegExp): Promise<void> {
    return this.until(`${pattern} on stderr`, () => pattern.test(this.#stderr));
  }

  /** Reads no more of its stdout, or stderr. @returns what has the reading go on */
  pauseReading(stream: "stdout" | "stderr" = "stdout"): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#mayRead[stream] = promise;
    this.#goOn.push(resolve);
    return resolve;
  }

  /** Goes away as the reader of its stdout, as `| head` does. */
  async stopReading(): Promise<void> {
    await this.#stdoutReader.cancel();
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** @returns the exit code, whether its output has been read or not */
  async exited(): Promise<number> {
    const { code } = await within(this.#child.status, WAIT_MS, () => new Error("It does not exit"));
    return code;
  }

  /** @returns the exit code, when all output has been read */
  async ended(): Promise<number> {
    const ended = Promise.all([this.#child.status, ...this.#output]);
    const [{ code }] = await within(ended, WAIT_MS, () => {
      return new Error(`It does not end; stdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`);
    });
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    for (const goOn of this.#goOn) goOn();
    await this.#input.close().catch(() => {});
    await Promise.all([this.#child.status, ...this.#output]);
  }

  async #collect(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    take: (text: string) => Promise<void>,
  ): Promise<void> {
    const decoder = new TextDecoder();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const taken = take(decoder.decode(read.value, { stream: true }));
      this.#onChange();
      await taken;
    }
    this.#onChange();
  }
}
