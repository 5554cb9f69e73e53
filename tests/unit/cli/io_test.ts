import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines } from "../../../src/cli/io.ts";

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
