import assert from "node:assert/strict";
import { Gate } from "../../../src/demos/chat/gate.ts";

const never = new AbortController().signal;

/** Goes through `gate`, and says so. */
async function enter(gate: Gate, name: string, inside: string[]): Promise<void> {
  await gate.enter(undefined, never);
  inside.push(name);
}

Deno.test("Gate.enter() lets so many in, and the next in their order as others leave", async () => {
  const gate = new Gate(2);
  const inside: string[] = [];
  const entered = ["a", "b", "c", "d"].map((name) => enter(gate, name, inside));
  await Promise.all(entered.slice(0, 2));
  assert.deepEqual(inside, ["a", "b"]);
  gate.leave();
  await entered[2];
  assert.deepEqual(inside, ["a", "b", "c"]);
  gate.leave();
  await entered[3];
});

Deno.test("Gate.enter() gives up at the deadline and at the signal, and takes nobody's place then", async () => {
  const gate = new Gate(1);
  await gate.enter(undefined, never);
  await assert.rejects(gate.enter(Date.now() - 1, never), /Cannot begin by the deadline: 1 are before it/);
  await assert.rejects(gate.enter(undefined, AbortSignal.abort(new Error("enough"))), /enough/);
  const next = gate.enter(Date.now() + 60_000, never);
  gate.leave();
  await next;
});

Deno.test("Gate.leave() makes no room that was not there", async () => {
  const gate = new Gate(1);
  gate.leave();
  await gate.enter(undefined, never);
  await assert.rejects(gate.enter(Date.now(), never), /deadline/);
});

Deno.test("Gate.open() lets everybody in", async () => {
  const gate = new Gate(1);
  const entered = [1, 2, 3].map(() => gate.enter(undefined, never));
  gate.open();
  await Promise.all([...entered, gate.enter(Date.now() - 1, never)]);
});
