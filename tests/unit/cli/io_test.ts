import assert from "node:assert/strict";
import fc from "fast-check";
import {
  OutputClosedError,
  OutputFailedError,
  type OutputStream,
  outputTo,
  readLines,
} from "../../../src/cli/io.ts";

/** A stream that gives `bytes` in pieces of `size`. */
function inPieces(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
}

async function linesOf(text: string, size = 7): Promise<string[]> {
  return await Array.fromAsync(readLines(inPieces(new TextEncoder().encode(text), size)));
}

Deno.test("readLines() takes the last line with or without its end, and either kind of line break", async () => {
  assert.deepEqual(await linesOf("one\ntwo\r\n\nfour"), ["one", "two", "", "four"]);
  assert.deepEqual(await linesOf("one\n"), ["one"]);
  assert.deepEqual(await linesOf(""), []);
});

Deno.test("readLines() is not confused by where the pieces are cut", async () => {
  const lines = fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replace(/[\r\n]/g, "") + "."));
  await fc.assert(fc.asyncProperty(lines, fc.integer({ min: 1, max: 9 }), async (lines, size) => {
    assert.deepEqual(await linesOf(lines.join("\n"), size), lines);
  }));
});

Deno.test("readLines() refuses a line without end", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x61)),
  });
  await assert.rejects(
    Array.fromAsync(readLines(endless)),
    /Cannot read a line of more than 16777216 characters/,
  );
});

/** A stream of which each write is what `attempts` says, in turn. */
function streamOf(attempts: ((bytes: Uint8Array) => number)[]): OutputStream {
  return {
    isTerminal: () => false,
    write: (bytes) => Promise.try(() => (attempts.shift() ?? assert.fail("It writes on"))(bytes)),
  };
}

function refuse(): never {
  throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
}

Deno.test("Output.write() writes in the order of the calls, together what has to wait, and tries again what is refused", async () => {
  let taken = "";
  const take = (length: number) => (bytes: Uint8Array) => {
    taken += new TextDecoder().decode(bytes.subarray(0, length));
    return length;
  };
  const stream = streamOf([refuse, take(2), refuse, refuse, take(3), take(4)]);
  const output = outputTo(stream, "stdout", () => assert.fail("a fault"));
  const first = output.write("hello");
  assert.equal(taken, "");
  // By then the first is on its way.
  await Promise.resolve();
  const others = [output.write(", w"), output.write("o"), output.write("")];
  assert.deepEqual(await Promise.all([first, ...others]), [true, true, true, true]);
  assert.equal(taken, "hello, wo");
});

for (
  const { name, error, fault } of [
    {
      name: "nobody reads any more",
      error: new Deno.errors.BrokenPipe("Broken pipe"),
      fault: new OutputClosedError(),
    },
    {
      name: "it cannot be written",
      error: new Error("No space left on device"),
      fault: new OutputFailedError("Cannot write to stdout: No space left on device"),
    },
  ]
) {
  Deno.test(`Output.write() tells once that ${name}, writes no more, and does not reject`, async () => {
    const faults: Error[] = [];
    const fail = () => {
      throw error;
    };
    const output = outputTo(streamOf([fail]), "stdout", (fault) => faults.push(fault));
    assert.equal(await output.write("hello"), false);
    assert.equal(await output.write("hello again"), false);
    assert.deepEqual(faults.map(String), [String(fault)]);
  });
}
