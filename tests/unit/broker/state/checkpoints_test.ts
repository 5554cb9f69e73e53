import assert from "node:assert/strict";
import { type Checkpointed, Checkpoints } from "../../../../src/broker/state/checkpoints.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const MIB = 1024 * 1024;

/** A log that only counts. */
class Counted implements Checkpointed {
  unsafeBytes = 0;
  written = 0;
  isFailing = false;
  readonly folder: string;
  readonly #checkpoints: Checkpoints;

  constructor(checkpoints: Checkpoints, folder: string) {
    this.#checkpoints = checkpoints;
    this.folder = folder;
  }

  append(bytes: number): void {
    this.unsafeBytes += bytes;
    this.#checkpoints.grew(this, bytes);
  }

  checkpoint(): Promise<void> {
    if (this.isFailing) return Promise.reject(new Error("No space left on device"));
    const bytes = this.unsafeBytes;
    this.unsafeBytes = 0;
    this.written++;
    this.#checkpoints.shrank(this, bytes);
    return Promise.resolve();
  }
}

/** Lets time pass, and what it set off come to its end. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("Checkpoints keeps what a start may have to read within bounds, of one log and of all", async () => {
  const clock = new FakeClock();
  using checkpoints = new Checkpoints(clock);
  const logs = Array.from({ length: 100 }, (_, i) => new Counted(checkpoints, `${i}`));
  for (let round = 0; round < 10; round++) {
    for (const [i, log] of logs.entries()) log.append(i === 0 ? 20 * MIB : MIB / 2);
    await pass(clock, 1_000);
    const unsafe = logs.map((log) => log.unsafeBytes);
    assert.ok(Math.max(...unsafe) <= 64 * MIB);
    assert.ok(unsafe.reduce((sum, bytes) => sum + bytes, 0) <= 128 * MIB);
  }
  // The large one more often than the small ones.
  assert.ok((logs[0]?.written ?? 0) > (logs[1]?.written ?? 0));
});

Deno.test("Checkpoints.want() has one written soon, and again later when the disk refuses", async () => {
  const clock = new FakeClock();
  using checkpoints = new Checkpoints(clock);
  const log = new Counted(checkpoints, "a");
  log.append(1);
  await pass(clock, 60_000);
  assert.equal(log.written, 0, "a little is not worth it");
  log.isFailing = true;
  checkpoints.want(log);
  await pass(clock, 1_000);
  log.isFailing = false;
  await pass(clock, 1_000);
  assert.equal(log.written, 0, "not at once");
  await pass(clock, 60_000);
  assert.equal(log.written, 1);
});

Deno.test("Checkpoints.settle() writes all that changed, and none after it", async () => {
  const clock = new FakeClock();
  const checkpoints = new Checkpoints(clock);
  const [changed, unchanged, gone] = ["a", "b", "c"].map((name) => new Counted(checkpoints, name));
  changed?.append(1);
  gone?.append(1);
  if (gone !== undefined) checkpoints.forget(gone);
  await checkpoints.settle();
  assert.deepEqual([changed?.written, unchanged?.written, gone?.written], [1, 0, 0]);
  changed?.append(200 * MIB);
  await pass(clock, 60_000);
  assert.equal(changed?.written, 1);
  assert.equal(clock.timersCount, 0);
});
