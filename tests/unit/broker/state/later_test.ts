import assert from "node:assert/strict";
import { Later } from "../../../../src/broker/state/later.ts";

Deno.test("Later.listen() tells the value once, whether it is there before or comes after", () => {
  const before = Later.of(1);
  const after = new Later<number>();
  const told: number[] = [];
  for (const later of [before, after]) later.listen((value) => told.push(value));
  after.complete(2);
  after.complete(3);
  assert.deepEqual(told, [1, 2]);
  assert.ok(before.isCompleted && after.isCompleted);
});

Deno.test("Later.map() passes the changed value on, and the hurry back", () => {
  const later: Later<number> = new Later({ hurry: () => later.complete(7) });
  const mapped = later.map((value) => `${value}`);
  const told: string[] = [];
  mapped.listen((value) => told.push(value));
  mapped.hurry();
  mapped.hurry();
  assert.deepEqual(told, ["7"]);
});
