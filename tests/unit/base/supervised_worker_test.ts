import assert from "node:assert/strict";
import { SupervisedWorker } from "../../../src/base/supervised_worker.ts";
import { within } from "../../../src/base/stop.ts";

const TIMEOUT_MS = 20_000;

/** A supervised worker whose messages and deaths are read in turn. */
class Watched implements Disposable {
  readonly worker: SupervisedWorker<string, string>;
  readonly deaths: { reason: string; restartInMs: number }[] = [];
  readonly #messages: string[] = [];
  #wake = () => {};
  #starts = 0;

  constructor() {
    this.worker = new SupervisedWorker<string, string>({
      url: new URL("../../support/mortal_worker.ts", import.meta.url),
      name: "mortal",
      init: () => `init ${++this.#starts}`,
      onMessage: (message) => {
        this.#messages.push(message);
        this.#wake();
      },
      onDown: (reason, restartInMs) => this.deaths.push({ reason, restartInMs }),
      backoff: { baseMs: 2, random: () => 0 },
    });
  }

  async next(): Promise<string> {
    const arrived = new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#messages.length === 0) {
      await within(arrived, TIMEOUT_MS, () => new Error("No message came from the worker"));
    }
    return this.#messages.shift() ?? "";
  }

  [Symbol.dispose](): void {
    this.worker.close();
  }
}

Deno.test("SupervisedWorker tells its worker init first, then what is posted", async () => {
  using watched = new Watched();
  assert.equal(watched.worker.post("hello"), true);
  assert.equal(await watched.next(), "echo init 1");
  assert.equal(await watched.next(), "echo hello");
});

Deno.test("SupervisedWorker starts a worker that died again, with init anew and growing delays", async () => {
  using watched = new Watched();
  assert.equal(await watched.next(), "echo init 1");
  for (const start of [2, 3]) {
    watched.worker.post("die");
    assert.equal(await watched.next(), `echo init ${start}`);
  }
  assert.match(watched.deaths[0]?.reason ?? "", /told to die/);
  assert.deepEqual(watched.deaths.map(({ restartInMs }) => restartInMs), [1, 2]);
});

Deno.test("SupervisedWorker.kill() ends the worker, which starts again", async () => {
  using watched = new Watched();
  assert.equal(await watched.next(), "echo init 1");
  watched.worker.kill("it hangs");
  assert.equal(watched.worker.isUp, false);
  assert.equal(watched.worker.post("to nobody"), false);
  assert.deepEqual(watched.deaths, [{ reason: "it hangs", restartInMs: 1 }]);
  assert.equal(await watched.next(), "echo init 2");
});

Deno.test("SupervisedWorker.close() is for good, also while it waits to start again", async () => {
  using watched = new Watched();
  assert.equal(await watched.next(), "echo init 1");
  watched.worker.kill("it hangs");
  watched.worker.close();
  watched.worker.kill("closed already");
  assert.equal(watched.deaths.length, 1);
  assert.equal(watched.worker.post("to nobody"), false);
});
