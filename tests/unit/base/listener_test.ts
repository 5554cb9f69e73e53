import assert from "node:assert/strict";
import { safeListener } from "../../../src/base/listener.ts";
import { CapturedErrors } from "../../support/stderr.ts";

Deno.test("safeListener() passes on what it is told", () => {
  const told: [number, string][] = [];
  safeListener("onThing", (n: number, text: string) => told.push([n, text]))(1, "x");
  safeListener("onNothing", undefined)();
  assert.deepEqual(told, [[1, "x"]]);
});

Deno.test("safeListener() shows what the listener throws or rejects with, and returns", async () => {
  using errors = new CapturedErrors();
  safeListener("onThing", () => {
    throw new TypeError("no such thing");
  })();
  safeListener("onLater", () => Promise.reject(new Error("too late")))();
  await Promise.resolve();
  assert.deepEqual(errors.shown, [
    "The listener 'onThing' failed: no such thing",
    "The listener 'onLater' failed: too late",
  ]);
});
