/**
 * Has a command answer: the message on its stdin, its stdout is the reply. The shell runs it, so pipes work. An exit
 * code other than 0, or a run beyond the deadline, is an error reply.
 *
 * @module
 */
import { describeError } from "../../../base/errors.ts";
import { untilAborted } from "../../../base/stop.ts";
import type { Brain } from "./brain.ts";

/** Commands that run at the same time. */
const CONCURRENCY = 4;
/** A command that runs longer is killed, even if its asker waits longer. */
const MAX_RUN_MS = 60_000;
/** What a reply may hold; Kafka's own default limit for a record is about as much. */
const MAX_OUTPUT_BYTES = 1_000_000;
/** So much of stderr is told to the asker. */
const MAX_REASON_CHARACTERS = 300;

/** See the module. */
export function execBrain(command: string): Brain {
  return {
    concurrency: CONCURRENCY,
    answer: ({ text }, signal) => runCommand(command, text, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Runs `command` in the shell with `input` on its stdin.
 *
 * @returns its stdout, without the last line break
 * @throws {Error} if it cannot be run, fails, says too much, or is aborted
 */
export async function runCommand(command: string, input: string, signal: AbortSignal): Promise<string> {
  const [shell, flag] = Deno.build.os === "windows" ? ["cmd", "/c"] : ["sh", "-c"];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MAX_RUN_MS)]);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(shell, {
      args: [flag, command],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    })
      .spawn();
  } catch (error) {
    throw new Error(`Cannot run '${command}': ${describeError(error)}`);
  }
  const stop = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  };
  limit.addEventListener("abort", stop, { once: true });
  try {
    const [, stdout, stderr, status] = await untilAborted(
      Promise.all([
        feed(child.stdin, input),
        collect(child.stdout, MAX_OUTPUT_BYTES, stop),
        collect(child.stderr, MAX_OUTPUT_BYTES, stop),
        child.status,
      ]),
      limit,
    );
    if (stdout.isCut) throw new Error(`'${command}' said more than ${MAX_OUTPUT_BYTES} bytes`);
    if (!status.success) {
      const reason = stderr.text.trim().slice(-MAX_REASON_CHARACTERS);
      throw new Error(`'${command}' ended with code ${status.code}${reason === "" ? "" : `: ${reason}`}`);
    }
    return stdout.text.replace(/\r?\n$/, "");
  } catch (error) {
    if (limit.aborted) throw new Error(`'${command}' took too long and was stopped`);
    throw error;
  } finally {
    limit.removeEventListener("abort", stop);
  }
}

/** A command may well end without reading its input: that is its own business. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // Closed at the other end.
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  onTooMuch: () => void,
): Promise<{ text: string; isCut: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const chunk of stream) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) {
      onTooMuch();
      return { text, isCut: true };
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return { text: text + decoder.decode(), isCut: false };
}
