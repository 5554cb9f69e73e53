import assert from "node:assert/strict";
import { ConfigError } from "../../../src/base/errors.ts";
import { readFaultFile } from "../../../src/cli/fault_file.ts";

/** What reading a file with `text` gives: rules, or the faults without the file's name. */
async function read(text: string): Promise<unknown> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return readFaultFile(path);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults.map((fault) => fault.replace(path, "FILE"));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readFaultFile() reads YAML and JSON", async () => {
  const rules = [{ api: "Produce", nth: 2, cut: "after" }, { topic: "t", diskFull: true }];
  assert.deepEqual(
    await read("- api: Produce\n  nth: 2\n  cut: after\n- { topic: t, diskFull: true }\n"),
    rules,
  );
  assert.deepEqual(await read(JSON.stringify(rules, undefined, 2)), rules);
});

Deno.test("readFaultFile() tells each fault with its line and column, in YAML and JSON", async () => {
  assert.deepEqual(await read("- cut: after\n- cut: later\n  nth: x\n"), [
    "FILE:2:8: rules[1].cut: 'later' is neither 'before' nor 'after'",
    "FILE:3:8: rules[1].nth: 'x' is not a whole number from 1 up",
  ]);
  assert.deepEqual(await read('[\n  { "cut": "later" }\n]'), [
    "FILE:2:12: rules[0].cut: 'later' is neither 'before' nor 'after'",
  ]);
  assert.deepEqual(await read(""), ["FILE:1:1: rules: a list of rules is needed, this is null"]);
});

Deno.test("readFaultFile() tells what is not YAML, and a bomb of aliases", async () => {
  const faults = await read("- cut: [after\n- nth: 1\n");
  assert.match(String(faults), /^FILE:\d+:\d+: /);
  const levels = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${Array(10).fill(i === 0 ? "x" : `*a${i - 1}`)}]`,
  );
  assert.match(String(await read(levels.join("\n"))), /^FILE:1:1: .*alias/i);
});
