import assert from "node:assert/strict";
import kafkajsErrors from "kafkajs/src/errors.js";
import { isRetriable, KafkaError } from "../../../src/base/errors.ts";
import { errorFromCode, toKafkaError, withSettingAtFault } from "../../../src/kafka/errors.ts";

const settings = {
  bootstrapServers: ["h:1"],
  clientId: "test",
  securityProtocol: "SASL_SSL",
  sasl: { mechanism: "PLAIN", username: "bob", password: "hunter2" },
} as const;
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

Deno.test("toKafkaError() tries no certificate again that is not trusted", () => {
  for (const code of ["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_HAS_EXPIRED"]) {
    const told = new kafkajsErrors.KafkaJSConnectionError("Connection error: why", { broker: "h:1", code });
    const { retriable, message } = toKafkaError(told, context);
    assert.deepEqual([retriable, message], [
      false,
      "Cannot do it: the broker's certificate is not trusted: why",
    ]);
  }
});

Deno.test("withSettingAtFault() names the setting where the broker ends the connection, and nowhere else", () => {
  const messageOf = (told: Error) => {
    const error = withSettingAtFault(toKafkaError(told, context), settings);
    assert.ok(error instanceof KafkaError);
    return error.message;
  };
  const { KafkaJSConnectionError, KafkaJSConnectionClosedError } = kafkajsErrors;
  assert.equal(
    messageOf(new KafkaJSConnectionClosedError("Closed connection", { host: "h", port: 1 })),
    "Cannot do it: connection closed by the broker: is SASL_SSL its security protocol?",
  );
  assert.equal(
    messageOf(new KafkaJSConnectionError("Connection error: read", { broker: "h:1", code: "ECONNRESET" })),
    "Cannot do it: connection reset: is SASL_SSL its security protocol?",
  );
  assert.equal(
    messageOf(new KafkaJSConnectionError("Connection error: no", { broker: "h:1", code: "ECONNREFUSED" })),
    "Cannot do it: connection refused",
  );
  for (
    const [code, ending] of [[33, ": current value is PLAIN"], [
      34,
      "is SASL_SSL its security protocol?",
    ]] as const
  ) {
    const error = withSettingAtFault(errorFromCode(code, "Cannot do it"), settings);
    assert.ok(error instanceof KafkaError && error.message.endsWith(ending));
  }
  const other = new TypeError("misuse");
  assert.equal(withSettingAtFault(other, settings), other);
});
