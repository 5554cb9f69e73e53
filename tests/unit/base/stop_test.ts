import assert from "node:assert/strict";
import { sleep, untilAborted, withDeadline, within } from "../../../src/base/stop.ts";

const LONG_MS = 60_000;

Deno.test("sleep() resolves after its time", async () => {
  await sleep(1);
  await sleep(1, new AbortController().signal);
});

Deno.test("sleep() rejects with the signal's reason, and leaves no timer behind", async () => {
  const stop = new AbortController();
  const sleeping = sleep(LONG_MS, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(sleeping, { message: "enough" });
});

Deno.test("sleep() rejects at once when the signal is aborted already", async () => {
  await assert.rejects(sleep(LONG_MS, AbortSignal.abort(new Error("too late"))), { message: "too late" });
});

Deno.test("untilAborted() settles as its promise does", async () => {
  const { signal } = new AbortController();
  assert.equal(await untilAborted(Promise.resolve(7), signal), 7);
  assert.equal(await untilAborted(Promise.resolve(8), undefined), 8);
  await assert.rejects(untilAborted(Promise.reject(new Error("no")), signal), { message: "no" });
});

Deno.test("untilAborted() gives up with the signal's reason", async () => {
  const stop = new AbortController();
  const waiting = untilAborted(new Promise(() => {}), stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
});

Deno.test("untilAborted() with an aborted signal leaves no rejection unhandled", async () => {
  const waiting = untilAborted(
    Promise.reject(new Error("nobody asks")),
    AbortSignal.abort(new Error("too late")),
  );
  await assert.rejects(waiting, { message: "too late" });
});

Deno.test("within() settles as its promise does, and leaves no timer behind", async () => {
  const late = () => new Error("late");
  assert.equal(await within(Promise.resolve(7), LONG_MS, late), 7);
  await assert.rejects(within(Promise.reject(new Error("no")), LONG_MS, late), { message: "no" });
});

Deno.test("within() gives up with the error that it is told to", async () => {
  await assert.rejects(within(new Promise(() => {}), 1, () => new Error("late")), { message: "late" });
});

Deno.test("withDeadline() gives its work up after its time with the error asked for, and at the signal with its reason", async () => {
  const stop = new AbortController();
  const wait = (signal: AbortSignal) => sleep(LONG_MS, signal);
  const timeout = () => new Error("too slow");
  await assert.rejects(withDeadline(wait, 1, timeout, stop.signal), { message: "too slow" });
  const waiting = withDeadline(wait, LONG_MS, timeout, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
  await assert.rejects(withDeadline(() => assert.fail("begun"), LONG_MS, timeout, stop.signal), {
    message: "enough",
  });
});

Deno.test("withDeadline() settles as its work does, and leaves no timer behind", async () => {
  const timeout = () => new Error("too slow");
  assert.equal(await withDeadline(() => Promise.resolve(1), LONG_MS, timeout), 1);
  await assert.rejects(withDeadline(() => Promise.reject(new Error("broken")), LONG_MS, timeout), {
    message: "broken",
  });
});
