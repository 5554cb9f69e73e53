/**
 * What a command reads from and writes to: the real streams, or a test's.
 *
 * @module
 */

import { sleep } from "../base/stop.ts";

/** A line of input may be as long as a large record; beyond it is not text for us. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/** How long to wait before a stream that takes nothing at the moment is tried again. */
const FULL_MS = 5;
const NEVER = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Nobody reads what is written any more: the reason why {@linkcode Io.signal} aborts then. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";

  constructor() {
    super("Nobody reads the output any more");
  }
}

/** Where text goes. */
export interface Output {
  readonly isTerminal: boolean;
  /** Writes; returns when it is written. */
  write(text: string): void;
  /**
   * Writes, and resolves when it is written, in the order of the calls. Who reads slowly does not hold up the thread:
   * meanwhile signals are heard. Not to be mixed with `write`.
   */
  writeLater(text: string): Promise<void>;
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
}

/**
 * The process's own streams.
 *
 * @param onClosed nobody reads the output any more
 */
export function processIo(signal: AbortSignal, onClosed: () => void): Io {
  return {
    stdin: {
      isTerminal: Deno.stdin.isTerminal(),
      lines: () => readLines(Deno.stdin.readable),
      bytes: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
    },
    stdout: outputTo(Deno.stdout, onClosed),
    stderr: outputTo(Deno.stderr, onClosed),
    signal,
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
  writeSync(bytes: Uint8Array): number;
}

/**
 * Text to a stream. A pipe that is full and was made not to block, by whoever shares it, is waited for as one that
 * blocks is.
 */
export function outputTo(stream: OutputStream, onClosed: () => void): Output {
  const encoder = new TextEncoder();
  const fail = (error: unknown) => {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    onClosed();
  };
  let queued = "";
  /** The write that takes what is queued. */
  let next: Promise<void> | undefined;
  let last = Promise.resolve();
  return {
    isTerminal: stream.isTerminal(),
    write(text) {
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length;) at += writeSome(stream, bytes.subarray(at));
      } catch (error) {
        fail(error);
      }
    },
    writeLater(text) {
      queued += text;
      // What comes while one is on its way goes out together.
      return next ??= last = last.then(async () => {
        const bytes = encoder.encode(queued);
        queued = "";
        next = undefined;
        for (let at = 0; at < bytes.length;) at += await writeSomeLater(stream, bytes.subarray(at));
      }).catch(fail);
    },
  };
}

function writeSome(stream: OutputStream, bytes: Uint8Array): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(NEVER, 0, 0, FULL_MS);
    return 0;
  }
}

async function writeSomeLater(stream: OutputStream, bytes: Uint8Array): Promise<number> {
  try {
    return await stream.write(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    await sleep(FULL_MS);
    return 0;
  }
}
