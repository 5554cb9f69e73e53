/**
 * The program itself, started as a user starts it, with a data folder of its own that is empty at first.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { envOf, PARLEY_FLAGS } from "../tests/support/task_flags.ts";

/** So much of what it has written is kept. */
const MAX_TEXT = 65_536;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** `parley ARGS`, which hosts its broker on a free port. */
export class ParleyProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<void>;
  #text = "";
  #hasEnded = false;
  #changed = Promise.withResolvers<void>();

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    // Both are read to their end, so that it never waits for us.
    this.#ended = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]).then(() => {
      this.#hasEnded = true;
      this.#changed.resolve();
    });
  }

  static async spawn(...args: string[]): Promise<ParleyProcess> {
    const folder = await Deno.makeTempDir({ prefix: "parley-bench-" });
    const own = ["--data", folder, "--listen", "127.0.0.1:0"];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...PARLEY_FLAGS, "src/main.ts", ...args, ...own],
      cwd: ROOT,
      env: envOf("run"),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new ParleyProcess(child, folder);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits until what it has written holds `pattern`.
   *
   * @throws {Error} with what was written if it ends before
   */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      if (this.#hasEnded) throw new Error(`parley ended before it wrote ${pattern}: ${this.#text.trim()}`);
      await this.#changed.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGTERM");
    await Promise.all([this.#child.status, this.#ended]);
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text = (this.#text + text).slice(-MAX_TEXT);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}

/** A participant that answers by itself and hosts the broker; resolves when it does. */
export async function startParticipant(): Promise<{ participant: ParleyProcess; address: string }> {
  const participant = await ParleyProcess.spawn("chat", "jarvis", "--brain", "echo");
  try {
    const [, address = ""] = await participant.until(/Kafka: (\S+),/);
    return { participant, address };
  } catch (error) {
    await participant[Symbol.asyncDispose]();
    throw error;
  }
}
