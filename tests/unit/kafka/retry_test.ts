import assert from "node:assert/strict";
import { KafkaError } from "../../../src/base/errors.ts";
import { retrying } from "../../../src/kafka/retry.ts";

const fault = (retriable: boolean) => new KafkaError("X", "x", { retriable });

Deno.test("retrying() tries again what may succeed", async () => {
  let tries = 0;
  assert.equal(
    await retrying(() => ++tries < 3 ? Promise.reject(fault(true)) : Promise.resolve(tries), {
      withinMs: 5_000,
    }),
    3,
  );
});

Deno.test("retrying() gives up at once what cannot succeed, and later what does not", async () => {
  let tries = 0;
  const attempt = (retriable: boolean) => () => {
    tries++;
    return Promise.reject(fault(retriable));
  };
  await assert.rejects(retrying(attempt(false), { withinMs: 5_000 }), KafkaError);
  assert.equal(tries, 1);
  await assert.rejects(retrying(attempt(true), { withinMs: 50 }), KafkaError);
  assert.ok(tries > 2);
});

Deno.test("retrying() ends with its signal's reason", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  await assert.rejects(
    retrying(() => {
      stop.abort(reason);
      return Promise.reject(fault(true));
    }, { withinMs: 5_000, signal: stop.signal }),
    reason,
  );
});
