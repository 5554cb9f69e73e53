import assert from "node:assert/strict";
import fc from "fast-check";
import { toBytes } from "../../../src/kafka/serialize.ts";

const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);

Deno.test("toBytes() sends an object as JSON with sorted keys at every depth", () => {
  assert.equal(
    text(toBytes({ b: 1, a: { d: [{ z: 1, y: 2 }], c: 2 } }, "value")),
    '{"a":{"c":2,"d":[{"y":2,"z":1}]},"b":1}',
  );
});

Deno.test("toBytes() leaves UTF-8 unescaped and writes dates as ISO 8601", () => {
  assert.equal(text(toBytes({ name: "Žofie ☕" }, "value")), '{"name":"Žofie ☕"}');
  assert.equal(text(toBytes({ at: new Date(0) }, "value")), '{"at":"1970-01-01T00:00:00.000Z"}');
});

Deno.test("toBytes() sends strings as UTF-8, bytes as they are, null as null", () => {
  assert.equal(text(toBytes("žluť", "value")), "žluť");
  const bytes = new Uint8Array([0, 255]);
  assert.equal(toBytes(bytes, "key"), bytes);
  assert.equal(toBytes(null, "key"), null);
  assert.equal(toBytes("", "value")?.length, 0);
});

Deno.test("toBytes() refuses every other type by name", () => {
  const refused: [unknown, RegExp][] = [
    [5, /value of type number/],
    [5n, /value of type bigint/],
    [true, /value of type boolean/],
    [undefined, /value of type undefined/],
    [Symbol("s"), /value of type symbol/],
    [() => {}, /value of type function/],
    [new Map(), /value of type Map/],
    [new Set(), /value of type Set/],
    [new Float64Array(1), /value of type Float64Array/],
    [new ArrayBuffer(1), /value of type ArrayBuffer/],
    [{ n: 1n }, /value of type Object: .*BigInt/],
  ];
  for (const [value, message] of refused) {
    assert.throws(
      () => toBytes(value, "value"),
      (error) => error instanceof TypeError && message.test(error.message),
    );
  }
  assert.throws(
    () => toBytes(5, "key"),
    /a record's key of type number: it must be an object, a string or bytes, or null/,
  );
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  assert.throws(() => toBytes(circle, "value"), TypeError);
});

Deno.test("toBytes() gives equal bytes for equal objects, whatever the order of their keys", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
    const reversed = Object.fromEntries(Object.entries(object).reverse());
    assert.deepEqual(toBytes(object, "value"), toBytes(reversed, "value"));
    assert.deepEqual(JSON.parse(text(toBytes(object, "value")) ?? ""), JSON.parse(JSON.stringify(object)));
  }));
});
