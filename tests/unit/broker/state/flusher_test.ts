import assert from "node:assert/strict";
import { Flusher } from "../../../../src/broker/state/flusher.ts";

/** Something whose sync ends when the test says so. */
class Disk {
  syncs = 0;
  #end: PromiseWithResolvers<void> = Promise.withResolvers();

  sync(): Promise<void> {
    this.syncs++;
    return this.#end.promise;
  }

  finish(error?: Error): void {
    const { resolve, reject } = this.#end;
    this.#end = Promise.withResolvers();
    if (error === undefined) resolve();
    else reject(error);
  }
}

/** Lets all that is ready run. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("Flusher.commit() makes one round for all that came during the last", async () => {
  const flusher = new Flusher();
  const disk = new Disk();
  const done: number[] = [];
  flusher.commit([disk]).listen(() => done.push(0));
  for (let i = 1; i <= 5; i++) flusher.commit([disk]).listen(() => done.push(i));
  await settle();
  assert.equal(disk.syncs, 1);
  disk.finish();
  await settle();
  // What came after the first round began is not covered by it.
  assert.deepEqual(done, [0]);
  assert.equal(disk.syncs, 2);
  disk.finish();
  await settle();
  assert.deepEqual(done, [0, 1, 2, 3, 4, 5]);
  assert.equal(disk.syncs, 2);
});

Deno.test("Flusher.commit() says which could not be synced, and goes on", async () => {
  const flusher = new Flusher();
  const [good, bad] = [new Disk(), new Disk()];
  const faults: string[][] = [];
  flusher.commit([good, bad]).listen((found) => faults.push([...found.values()]));
  await settle();
  good.finish();
  bad.finish(new Error("No space left"));
  await settle();
  flusher.commit([good]).listen((found) => faults.push([...found.values()]));
  await settle();
  good.finish();
  await settle();
  assert.deepEqual(faults, [["No space left"], []]);
});

Deno.test("Flusher.commit() has only so many syncs under way at a time", async () => {
  let running = 0;
  let most = 0;
  const items = Array.from({ length: 1_000 }, () => ({
    async sync() {
      most = Math.max(most, ++running);
      await settle();
      running--;
    },
  }));
  await new Promise((resolve) => new Flusher().commit(items).listen(resolve));
  assert.equal(most, 16);
});
