import assert from "node:assert/strict";
import { recordJson, recordText, type ShownRecord } from "../../../src/cli/records.ts";
import { table } from "../../../src/cli/table.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function record(more: Partial<ShownRecord> = {}): ShownRecord {
  return {
    topic: "orders",
    partition: 1,
    offset: 9_007_199_254_740_993n,
    timestamp: 1,
    key: null,
    value: bytes("hello"),
    headers: {},
    ...more,
  };
}

Deno.test("recordJson() writes offsets without loss, and bytes that are no text as base64", () => {
  assert.equal(
    recordJson(record({ key: bytes("ü"), headers: { a: bytes("b"), raw: new Uint8Array([255]) } })),
    '{"topic":"orders","partition":1,"offset":"9007199254740993","timestamp":1,"key":"ü","value":"hello",' +
      '"headers":{"a":"b","raw":{"base64":"/w=="}}}',
  );
  const { keyBase64, value } = JSON.parse(recordJson(record({ key: new Uint8Array([255, 0]), value: null })));
  assert.deepEqual([keyBase64, value], ["/wA=", null]);
});

Deno.test("recordText() shows nothing that steers a terminal", () => {
  assert.equal(
    recordText(record({ key: bytes("k"), value: bytes("\x1b[2J") })),
    "1/9007199254740993  k: \\x1b[2J",
  );
  assert.equal(recordText(record({ offset: 2n, value: null })), "1/2  (null)");
});

Deno.test("table() lines columns up, numbers at the right", () => {
  assert.equal(
    table(["TOPIC", "RECORDS", ""], [["orders", "5", "≤ 1.3"], ["x", "1,200", "≥ 2"]]),
    "TOPIC   RECORDS\norders        5  ≤ 1.3\nx         1,200    ≥ 2\n",
  );
});
