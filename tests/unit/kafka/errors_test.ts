import assert from "node:assert/strict";
import kafkajsErrors from "kafkajs/src/errors.js";
import { isRetriable, KafkaError } from "../../../src/base/errors.ts";
import { errorFromCode, toKafkaError } from "../../../src/kafka/errors.ts";

const context = { action: "Cannot do it", secret: "hunter2" };

Deno.test("errorFromCode() gives Kafka's name, a line and whether to try again", () => {
  const tooLarge = errorFromCode(10, "Cannot produce to t/0");
  assert.equal(tooLarge.code, "MESSAGE_TOO_LARGE");
  assert.equal(tooLarge.retriable, false);
  assert.match(tooLarge.message, /^Cannot produce to t\/0: [^\n]+$/);
  assert.equal(errorFromCode(6, "").code, "NOT_LEADER_OR_FOLLOWER");
  assert.equal(isRetriable(errorFromCode(6, "")), true);
  assert.equal(errorFromCode(100, "").code, "UNKNOWN_TOPIC_ID");
  assert.match(errorFromCode(999, "x").message, /error 999/);
});

Deno.test("toKafkaError() tells the first cause of what kafkajs wrapped", () => {
  const root = new kafkajsErrors.KafkaJSConnectionError("Connection error: connect", {
    broker: "h:1",
    code: "ECONNREFUSED",
  });
  const wrapped = new kafkajsErrors.KafkaJSNumberOfRetriesExceeded(root, { retryCount: 1, retryTime: 1 });
  const error = toKafkaError(wrapped, context);
  assert.deepEqual([error.code, error.retriable, error.message], [
    "NETWORK_EXCEPTION",
    true,
    "Cannot do it: connection refused",
  ]);
});

Deno.test("toKafkaError() knows wrong credentials from an unknown mechanism", () => {
  const refused = new kafkajsErrors.KafkaJSSASLAuthenticationError("SASL PLAIN authentication failed: no");
  assert.equal(toKafkaError(refused, context).code, "SASL_AUTHENTICATION_FAILED");
  const unknown = new kafkajsErrors.KafkaJSSASLAuthenticationError(
    "SASL X mechanism is not supported by the server",
  );
  assert.equal(toKafkaError(unknown, context).code, "UNSUPPORTED_SASL_MECHANISM");
  assert.equal(isRetriable(toKafkaError(refused, context)), false);
});

Deno.test("toKafkaError() never tells a secret, whatever the other side says, and stays on one line", () => {
  const told = new kafkajsErrors.KafkaJSSASLAuthenticationError("user bob\nwith hunter2 is unknown");
  const error = toKafkaError(told, context);
  assert.ok(!Deno.inspect(error).includes("hunter2"));
  assert.equal(error.message, "Cannot do it: user bob; with *** is unknown");
});

Deno.test("toKafkaError() leaves a KafkaError as it is", () => {
  const error = new KafkaError("X", "x", { retriable: false });
  assert.equal(toKafkaError(error, context), error);
});
