import assert from "node:assert/strict";
import { ConnectionWatch } from "../../../src/broker/connection_watch.ts";
import { Deadlines } from "../../../src/broker/state/deadlines.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const MIB = 1024 * 1024;
const LIMITS = { authenticationMs: 100, connectionIdleMs: 10_000, frameStallMs: 1_000, writeStallMs: 3_000 };

/** A watch, and when its time was over. */
function watched({ isKnown = true, isEncrypted = false } = {}) {
  const clock = new FakeClock();
  const client = { isKnown };
  const overAtMs: number[] = [];
  const deadlines = new Deadlines(clock);
  const watch = new ConnectionWatch({
    clock,
    deadlines,
    limits: LIMITS,
    client,
    isEncrypted,
    onOver: () => void overAtMs.push(clock.nowMs()),
  });
  return { clock, client, watch, deadlines, overAtMs };
}

Deno.test("ConnectionWatch gives a peer that is not asked who it is the time to be silent, anew with each frame", () => {
  const { clock, watch, overAtMs } = watched();
  clock.advance(9_000);
  watch.frameCame();
  clock.advance(9_999);
  assert.deepEqual(overAtMs, []);
  clock.advance(1);
  assert.deepEqual(overAtMs, [19_000]);
});

Deno.test("ConnectionWatch gives a peer one time for all of its authentication, whatever comes in it", () => {
  const { clock, watch, overAtMs } = watched({ isKnown: false });
  for (let i = 0; i < 9; i++) {
    clock.advance(10);
    watch.frameCame();
    watch.frameAwaited(1 + i);
  }
  clock.advance(10);
  assert.deepEqual(overAtMs, [100]);
});

Deno.test("ConnectionWatch gives a peer that has said who it is the time to be silent", () => {
  const { clock, client, watch, overAtMs } = watched({ isKnown: false });
  client.isKnown = true;
  watch.frameCame();
  clock.advance(9_999);
  assert.deepEqual(overAtMs, []);
});

Deno.test("ConnectionWatch gives a peer that encrypts the time for authentication for its first frame", () => {
  const silent = watched({ isEncrypted: true });
  silent.clock.advance(100);
  assert.deepEqual(silent.overAtMs, [100]);
  const talking = watched({ isEncrypted: true });
  talking.watch.frameCame();
  talking.clock.advance(9_999);
  assert.deepEqual(talking.overAtMs, []);
});

Deno.test("ConnectionWatch.frameAwaited() gives time for each MiB of a frame, not for each byte", () => {
  const { clock, watch, overAtMs } = watched();
  watch.frameAwaited(1);
  clock.advance(900);
  watch.frameAwaited(MIB + 1);
  clock.advance(500);
  watch.frameAwaited(MIB + 2);
  clock.advance(499);
  assert.equal(watch.isFrameOverdue, false);
  clock.advance(1);
  assert.deepEqual(overAtMs, [1_900]);
  assert.equal(watch.isFrameOverdue, true);
});

Deno.test("ConnectionWatch.frameCame() ends the time of the frame", () => {
  const { clock, watch, overAtMs } = watched();
  watch.frameAwaited(1);
  clock.advance(999);
  watch.frameCame();
  watch.frameAwaited(0);
  clock.advance(5_000);
  assert.equal(watch.isFrameOverdue, false);
  // The next one has its own.
  watch.frameAwaited(1);
  clock.advance(1_000);
  assert.deepEqual(overAtMs, [6_999]);
});

Deno.test("ConnectionWatch.paused() asks the peer to take its answers, not to go on with its frame", () => {
  const taking = watched();
  taking.watch.frameAwaited(1);
  taking.watch.paused(true);
  taking.clock.advance(2_999);
  assert.deepEqual(taking.overAtMs, []);
  assert.equal(taking.watch.isFrameOverdue, false);
  taking.clock.advance(1);
  assert.deepEqual(taking.overAtMs, [3_000]);
  const waiting = watched();
  waiting.watch.paused(false);
  waiting.clock.advance(9_999);
  assert.deepEqual(waiting.overAtMs, []);
});

Deno.test("ConnectionWatch.answersTaken() gives the whole time again, and never less than there was", () => {
  const { clock, watch, overAtMs } = watched();
  watch.answersTaken();
  clock.advance(3_000);
  watch.paused(true);
  clock.advance(2_000);
  watch.answersTaken();
  clock.advance(2_999);
  assert.deepEqual(overAtMs, []);
  clock.advance(1);
  assert.deepEqual(overAtMs, [8_000]);
});

Deno.test("ConnectionWatch.stop() watches no more; once its time is over it watches only when begun anew", () => {
  const { clock, watch, deadlines, overAtMs } = watched();
  clock.advance(10_000);
  assert.deepEqual(overAtMs, [10_000]);
  assert.equal(deadlines.size, 0);
  watch.restart(50);
  clock.advance(50);
  assert.deepEqual(overAtMs, [10_000, 10_050]);
  watch.restart();
  watch.stop();
  clock.advance(20_000);
  assert.equal(overAtMs.length, 2);
});
