import assert from "node:assert/strict";
import { prepareWorker, takeWorker } from "../../../src/base/prepared_worker.ts";
import { within } from "../../../src/base/stop.ts";

const TIMEOUT_MS = 20_000;
const MORTAL = new URL("../../support/mortal_worker.ts", import.meta.url);

/** What a worker answers. */
function answerOf(worker: Worker, message: string): Promise<string> {
  const answered = new Promise<string>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.postMessage(message);
  return within(answered, TIMEOUT_MS, () => new Error("No message came from the worker"));
}

Deno.test("takeWorker() gives the worker that was prepared, once", async () => {
  prepareWorker(MORTAL, "early");
  const early = takeWorker(MORTAL, "late");
  const late = takeWorker(MORTAL, "late");
  assert.equal(await answerOf(early, "name"), "name early");
  assert.equal(await answerOf(late, "name"), "name late");
  early.terminate();
  late.terminate();
});

Deno.test("takeWorker() leaves a prepared worker's death to who took it", async () => {
  prepareWorker(MORTAL, "early");
  const worker = takeWorker(MORTAL, "late");
  const died = new Promise<string>((resolve) => {
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(event.message);
    };
  });
  worker.postMessage("die");
  assert.match(
    await within(died, TIMEOUT_MS, () => new Error("The worker's death was not told")),
    /told to die/,
  );
  worker.terminate();
});
