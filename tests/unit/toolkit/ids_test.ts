import assert from "node:assert/strict";
import { validate, version } from "uuid";
import { newId } from "../../../src/toolkit/ids.ts";

Deno.test("newId() is a UUIDv7 of now", () => {
  const before = Date.now();
  const id = newId();
  assert.ok(validate(id));
  assert.equal(version(id), 7);
  const ms = parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  assert.ok(ms >= before && ms <= Date.now() + 1);
});

Deno.test("newId() never repeats and always increases, more often in a millisecond than its counter holds too", () => {
  const ids = Array.from({ length: 50_000 }, newId);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
  assert.ok(ids.every((id) => validate(id) && version(id) === 7));
});
