/**
 * A broker in a process of its own, which a test kills.
 *
 * @module
 */

/** See the module. */
export class Victim implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** `host:port`. */
  readonly address: string;

  private constructor(child: Deno.ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  /** Starts one on a data folder. Resolves when it serves. */
  static async start(data: string): Promise<Victim> {
    const script = new URL("./broker_process.ts", import.meta.url);
    const args = [
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-read=${data}`,
      `--allow-write=${data}`,
    ];
    const command = new Deno.Command(Deno.execPath(), {
      args: [...args, script.pathname, data, "0"],
      stdout: "piped",
      stderr: "inherit",
    });
    const child = command.spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The broker process ended before it was ready: '${said}'`);
      said += value;
    }
    await reader.cancel();
    return new Victim(child, said.trim().replace("ready ", ""));
  }

  /** Ends it as kill -9 does. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // It is dead already.
    }
    await this.#child.status;
  }
}
