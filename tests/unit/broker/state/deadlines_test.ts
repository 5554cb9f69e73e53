import assert from "node:assert/strict";
import { Deadlines } from "../../../../src/broker/state/deadlines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: string[] = [];
  const item = (name: string, deadlineMs: number) => {
    const due = { deadlineMs, dueIndex: -1, onDeadline: () => void fired.push(`${name}@${clock.nowMs()}`) };
    deadlines.add(due);
    return due;
  };
  return { clock, deadlines, fired, item };
}

Deno.test("Deadlines.add() calls each item once it is due, over one timer", () => {
  const { clock, fired, item } = setUp();
  item("b", 200);
  item("a", 100);
  item("c", 300);
  assert.equal(clock.timersCount, 1);
  clock.advance(250);
  assert.deepEqual(fired, ["a@100", "b@200"]);
  clock.advance(1_000);
  assert.deepEqual(fired, ["a@100", "b@200", "c@300"]);
  assert.equal(clock.timersCount, 0);
});

Deno.test("Deadlines.add() follows a deadline that moves later without being told", () => {
  const { clock, fired, item } = setUp();
  const due = item("a", 100);
  for (let i = 1; i <= 5; i++) {
    due.deadlineMs = clock.nowMs() + 100;
    clock.advance(50);
  }
  assert.deepEqual(fired, []);
  clock.advance(50);
  assert.deepEqual(fired, ["a@300"]);
});

Deno.test("Deadlines.add() fires earlier when told that a deadline moved so", () => {
  const { clock, deadlines, fired, item } = setUp();
  const due = item("a", 1_000);
  due.deadlineMs = 10;
  deadlines.add(due);
  clock.advance(10);
  assert.deepEqual(fired, ["a@10"]);
});

Deno.test("Deadlines.delete() holds also for one that is due in the same turn", () => {
  const { clock, deadlines, fired, item } = setUp();
  const first = { deadlineMs: 5, dueIndex: -1, onDeadline: () => deadlines.delete(second) };
  deadlines.add(first);
  const second = item("second", 5);
  clock.advance(5);
  assert.deepEqual(fired, []);
});

Deno.test("Deadlines[Symbol.dispose]() leaves no timer", () => {
  const { clock, deadlines, item } = setUp();
  item("a", 5);
  deadlines[Symbol.dispose]();
  assert.equal(clock.timersCount, 0);
});
