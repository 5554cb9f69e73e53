/**
 * What a command reads from and writes to: the real streams, or a test's.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import { sleep } from "../base/stop.ts";

/** A line of input may be as long as a large record; beyond it is not text for us. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** How long to wait before a stream that takes nothing at the moment is tried again. */
const FULL_MS = 5;
/** Once the program is to end, what has been written gets this long to be read. */
const LAST_WORDS_MS = 1_000;

/** Nobody reads what is written any more: the reason why {@linkcode Io.signal} aborts then. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";

  constructor() {
    super("Nobody reads the output any more");
  }
}

/** What is to be written cannot be, such as when a disk is full: the reason why {@linkcode Io.signal} aborts then. */
export class OutputFailedError extends Error {
  override readonly name = "OutputFailedError";
}

/** Where text goes. */
export interface Output {
  readonly isTerminal: boolean;
  /**
   * Writes, in the order of the calls. Who reads slowly holds up who waits for it, and not the thread: signals are
   * heard. What may be much is to be waited for. Never rejects.
   *
   * @returns whether it is written; if not, {@linkcode Io.signal} aborts
   */
  write(text: string): Promise<boolean>;
}

/** The world of a command. */
export interface Io {
  readonly stdin: {
    readonly isTerminal: boolean;
    lines(): AsyncIterable<string>;
    bytes(): Promise<Uint8Array>;
  };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborts when the program is to end. */
  readonly signal: AbortSignal;
  /** Resolves when all is written; once the program is to end, {@linkcode LAST_WORDS_MS} later at the latest. */
  written(): Promise<void>;
}

/**
 * The process's own streams.
 *
 * @param onFault nobody reads the output any more, or it cannot be written
 */
export function processIo(
  signal: AbortSignal,
  onFault: (fault: OutputClosedError | OutputFailedError) => void,
): Io {
  const stdout = outputTo(Deno.stdout, "stdout", onFault);
  const stderr = outputTo(Deno.stderr, "stderr", onFault);
  const isTooLate = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => setTimeout(isTooLate.resolve, LAST_WORDS_MS), { once: true });
  return {
    stdin: {
      isTerminal: Deno.stdin.isTerminal(),
      lines: () => readLines(Deno.stdin.readable),
      bytes: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
    },
    stdout,
    stderr,
    signal,
    written: async () => {
      await Promise.race([Promise.all([stdout.write(""), stderr.write("")]), isTooLate.promise]);
    },
  };
}

/**
 * The lines of a stream of UTF-8; the last one need not end with a line break.
 *
 * @throws {RangeError} if a line is longer than any record could be
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new RangeError(`Cannot read a line of more than ${MAX_LINE_CHARACTERS} characters`);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** What {@linkcode outputTo} writes to: Deno.stdout, Deno.stderr. */
export interface OutputStream {
  isTerminal(): boolean;
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Text to a stream. A pipe that is full and was made not to block, by whoever shares it, is waited for as one that
 * blocks is. After a fault nothing more is written.
 *
 * @param name what a fault calls the stream
 * @param onFault told once
 */
export function outputTo(
  stream: OutputStream,
  name: string,
  onFault: (fault: OutputClosedError | OutputFailedError) => void,
): Output {
  const encoder = new TextEncoder();
  let hasFailed = false;
  let queued = "";
  /** The write that takes what is queued. */
  let next: Promise<boolean> | undefined;
  let last = Promise.resolve(true);
  const writeQueued = async () => {
    const bytes = encoder.encode(queued);
    queued = "";
    next = undefined;
    try {
      for (let at = 0; at < bytes.length && !hasFailed;) at += await writeSome(stream, bytes.subarray(at));
    } catch (error) {
      hasFailed = true;
      onFault(
        error instanceof Deno.errors.BrokenPipe
          ? new OutputClosedError()
          : new OutputFailedError(`Cannot write to ${name}: ${describeError(error)}`, { cause: error }),
      );
    }
    return !hasFailed;
  };
  return {
    isTerminal: stream.isTerminal(),
    write(text) {
      queued += text;
      // What comes while one is on its way goes out together.
      return next ??= last = last.then(writeQueued);
    },
  };
}

async function writeSome(stream: OutputStream, bytes: Uint8Array): Promise<number> {
  try {
    return await stream.write(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    await sleep(FULL_MS);
    return 0;
  }
}
