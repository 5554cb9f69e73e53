import assert from "node:assert/strict";
import { newId } from "../../../src/toolkit/ids.ts";

/** Version 7, variant 10. */
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("newId() is a UUIDv7 of now", () => {
  const before = Date.now();
  const id = newId();
  assert.match(id, UUID_V7);
  const ms = parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  assert.ok(ms >= before && ms <= Date.now() + 1);
});

Deno.test("newId() never repeats and always increases, more often in a millisecond than its counter holds too", () => {
  const ids = Array.from({ length: 50_000 }, newId);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
  assert.ok(ids.every((id) => UUID_V7.test(id)));
});
