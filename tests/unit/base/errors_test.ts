import assert from "node:assert/strict";
import {
  ConfigError,
  describeError,
  HandlerError,
  isRetriable,
  KafkaError,
  ReplyError,
  RequestTimeoutError,
  WireError,
} from "../../../src/base/errors.ts";

const AT = { topic: "orders", partition: 3, offset: 42n, attempts: 2 };
const PROBLEM = { type: "about:blank", title: "Out of cheese" };

Deno.test("KafkaError keeps code, retriable and cause", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new KafkaError("NOT_LEADER_OR_FOLLOWER", "Cannot send", { retriable: true, cause });
  assert.equal(error.name, "KafkaError");
  assert.equal(error.code, "NOT_LEADER_OR_FOLLOWER");
  assert.equal(error.cause, cause);
  assert.ok(!("cause" in new KafkaError("UNKNOWN", "Cannot send", { retriable: false })));
});

Deno.test("RequestTimeoutError says which request, where and how long", () => {
  const error = new RequestTimeoutError("id-1", "orders", 250);
  assert.equal(error.message, "No reply from 'orders' within 250 ms (request id-1)");
});

Deno.test("ReplyError speaks with the problem's detail, or its title", () => {
  assert.equal(new ReplyError("id-1", PROBLEM).message, "Out of cheese");
  assert.equal(new ReplyError("id-1", { ...PROBLEM, detail: "No cheddar" }).message, "No cheddar");
});

Deno.test("HandlerError says where the record stands, and why", () => {
  const error = new HandlerError(AT, new Error("disk full"));
  assert.equal(error.message, "Handler failed on orders/3 at offset 42 after 2 attempt(s): disk full");
});

Deno.test("ConfigError gives every fault a line", () => {
  assert.equal(new ConfigError(["one", "two"]).message, "one\ntwo");
});

Deno.test("isRetriable() is true for what may pass, false for bugs and refusals", () => {
  const retriable = new KafkaError("REQUEST_TIMED_OUT", "late", { retriable: true });
  const final = new KafkaError("MESSAGE_TOO_LARGE", "too large", { retriable: false });
  const cases: [unknown, boolean][] = [
    [retriable, true],
    [final, false],
    [new Error("disk full"), true],
    ["thrown text", true],
    [new RequestTimeoutError("id-1", "orders", 250), true],
    [new TypeError("bug"), false],
    [new RangeError("bug"), false],
    [new SyntaxError("not JSON"), false],
    [new ReferenceError("bug"), false],
    [new WireError("bad length"), false],
    [new ConfigError(["bad"]), false],
    [new ReplyError("id-1", PROBLEM), false],
    [new HandlerError(AT, retriable), true],
    [new HandlerError(AT, final), false],
  ];
  for (const [error, expected] of cases) assert.equal(isRetriable(error), expected, String(error));
});

Deno.test("describeError() is one line, whatever was thrown", () => {
  assert.equal(describeError(new Error("first\n  second")), "first; second");
  assert.equal(describeError(new WireError()), "WireError");
  assert.equal(describeError("text"), "text");
  assert.equal(describeError(undefined), "undefined");
});
