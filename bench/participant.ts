/**
 * The program itself, started as a user starts it, with a data folder of its own that is empty at first.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** `parley ARGS`, which hosts its broker on a free port. */
export class ParleyProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  #text = "";

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  static async spawn(...args: string[]): Promise<ParleyProcess> {
    const folder = await Deno.makeTempDir({ prefix: "parley-bench-" });
    // The same permissions as the task has. Not the task itself: it would stand between us and the process.
    const [, ...command] = manifest.tasks.parley.split(" ");
    const own = ["--data", folder, "--listen", "127.0.0.1:0"];
    const child = new Deno.Command(Deno.execPath(), {
      args: [...command, ...args, ...own],
      cwd: ROOT,
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
   * Reads on, from stdout or stderr, until `pattern` is there. The other one is not read.
   *
   * @throws {Error} with what was written if it ends before
   */
  async until(from: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for await (const text of this.#child[from].pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
    }
    throw new Error(`parley ended before it wrote ${pattern}: ${this.#text.trim()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Promise.all([discard(this.#child.stdout), discard(this.#child.stderr)]);
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** A participant that answers by itself and hosts the broker; resolves when it does. */
export async function startParticipant(): Promise<{ participant: ParleyProcess; address: string }> {
  const participant = await ParleyProcess.spawn("chat", "jarvis", "--brain", "echo");
  try {
    const [, address = ""] = await participant.until("stderr", /Kafka: (\S+),/);
    return { participant, address };
  } catch (error) {
    await participant[Symbol.asyncDispose]();
    throw error;
  }
}

async function discard(stream: ReadableStream<Uint8Array>): Promise<void> {
  if (!stream.locked) await stream.cancel();
}
