/**
 * A chat whose stdout is a pipe that is not read: what it cannot tell of, it does not take on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { requestTopic } from "../../src/demos/chat/names.ts";
import { RequestTimeoutError } from "../../src/base/errors.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { plainSettings } from "../support/kafka_settings.ts";
import { Place } from "./processes.ts";

const PEPPER = ["chat", "pepper", "--brain", "echo", "--json"];
const TOPIC = requestTopic("pepper");
/** More than a pipe holds, with what pepper may have taken on. */
const REQUESTS = 1_500;
const texts = Array.from({ length: REQUESTS }, (_, i) => `${i} ${"x".repeat(500)}`);

/** Asks pepper everything, in order. @returns which has been answered, and when all have */
function ask(requester: Requester) {
  const answered: string[] = [];
  const all = Promise.all(texts.map(async (value) => {
    const reply = await requester.request(TOPIC, { key: "k", value }, { timeoutMs: 60_000 });
    answered.push(reply.text());
  }));
  return { answered, all };
}

/** Fails by its deadline: it comes behind all that wait. */
async function assertHeldBack(requester: Requester): Promise<void> {
  const last = requester.request(TOPIC, { key: "k", value: "too late" }, { timeoutMs: 2_000 });
  await assert.rejects(last, RequestTimeoutError);
}

Deno.test("parley chat whose output is not read takes on few requests; once it is read, all are answered", async () => {
  await using place = new Place();
  await using broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  const pepper = place.start(PEPPER);
  await pepper.untilStderr(/answers/);
  await using requester = await Requester.start({
    settings: plainSettings(place.listen),
    replyTopic: "replies",
  });
  const goOn = pepper.pauseReading();
  const { answered, all } = ask(requester);
  await assertHeldBack(requester);
  assert.ok(answered.length < REQUESTS / 2, `${answered.length} were answered`);

  goOn();
  await all;
  assert.deepEqual(answered, texts);
  await pepper.until("all lines", () => pepper.stdout.split("\n").length > 2 * REQUESTS);
  const told = pepper.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const isAnswer of [false, true]) {
    const lines = told.filter(({ from }) => (from === "pepper") === isAnswer);
    assert.deepEqual(lines.map(({ text }) => text), texts);
  }
  pepper.kill("SIGTERM");
  assert.equal(await pepper.ended(), 0);
});

Deno.test("parley chat whose output is not read leaves when it is told to, and leaves the rest to the next", async () => {
  await using place = new Place();
  await using broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  const pepper = place.start(PEPPER);
  await pepper.untilStderr(/answers/);
  await using requester = await Requester.start({
    settings: plainSettings(place.listen),
    replyTopic: "replies",
  });
  const goOn = pepper.pauseReading();
  const { all } = ask(requester);
  await assertHeldBack(requester);
  pepper.kill("SIGTERM");
  assert.equal(await pepper.exited(), 0);
  goOn();

  place.start(PEPPER);
  await all;
});
