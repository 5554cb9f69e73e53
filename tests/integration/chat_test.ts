import assert from "node:assert/strict";
import type { BrainSpec } from "../../src/demos/chat/brains/spec.ts";
import { requestTopic } from "../../src/demos/chat/names.ts";
import { Participant, type ParticipantEvent } from "../../src/demos/chat/participant.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { WORKERS } from "../../src/workers.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

const workers = { sender: WORKERS.chatSender, replier: WORKERS.chatReplier };

/** A participant who has not started yet, and what it told. */
function participant(name: string, brain?: BrainSpec) {
  const events: ParticipantEvent[] = [];
  return {
    events,
    one: new Participant({ name, workers, brain, onEvent: (event) => void events.push(event) }),
  };
}

function brokerInfo(address = "") {
  return { address, how: "in a test", sinceMs: Date.now() };
}

Deno.test("Participant.who() and stats() can be asked at any time, and several times at once", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const name = uniqueName("tony");
  const { one } = participant(name, { kind: "echo" });
  await using tony = one;
  await assert.rejects(tony.who(), /There is no Kafka yet/);
  assert.equal((await tony.stats()).sent, 0);
  await tony.start(settings, brokerInfo());
  const all = await Promise.all([tony.who(), tony.who()]);
  for (const members of all) assert.ok(members.some((member) => member.name === name));
  assert.deepEqual((await Promise.all([tony.stats(), tony.stats()])).map(({ late }) => late), [0, 0]);
});

Deno.test("Participant.stats() tells of an answer that came too late: one lost, one late", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await using tony = participant(uniqueName("tony")).one;
  const { promise, resolve } = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => promise);
  const { one, events } = participant(uniqueName("friday"), {
    kind: "http",
    url: `http://127.0.0.1:${server.addr.port}/`,
  });
  await using friday = one;
  await Promise.all([tony.start(settings, brokerInfo()), friday.start(settings, brokerInfo())]);
  const asked = tony.request(friday.name, "hurry", { timeoutMs: 1_500 });
  await until(() => events.some(({ type }) => type === "asked"));
  assert.equal((await asked).ok, false);
  resolve(new Response("here"));
  await until(async () => (await tony.stats()).late === 1);
  const { sent, answered, failed, lost } = await tony.stats();
  assert.deepEqual({ sent, answered, failed, lost }, { sent: 1, answered: 0, failed: 0, lost: 1 });
});

Deno.test("Participant at the keyboard answers the oldest question that still waits, as deadlines pass", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const { one, events } = participant(uniqueName("tony"), { kind: "human" });
  await using tony = one;
  await using jarvis = participant(uniqueName("jarvis")).one;
  await Promise.all([tony.start(settings, brokerInfo()), jarvis.start(settings, brokerInfo())]);
  // One key: they come in their order.
  const ask = (text: string, timeoutMs: number) => jarvis.request(tony.name, text, { timeoutMs, key: "k" });
  const short = ask("short", 1_500);
  const asked = [ask("first", 30_000), ask("second", 30_000)];
  await until(() => events.filter(({ type }) => type === "asked").length === 3);
  assert.equal(tony.oldestQuestion?.text, "short");
  assert.equal((await short).ok, false);
  await until(() => tony.oldestQuestion?.text === "first");
  tony.answerOldest("one");
  assert.equal(tony.oldestQuestion?.text, "second");
  tony.answerOldest("two");
  assert.equal(tony.oldestQuestion, undefined);
  const outcomes = await Promise.all(asked);
  assert.deepEqual(outcomes.map((outcome) => outcome.ok && outcome.text), ["one", "two"]);
});

Deno.test("Butler reminds who takes no messages yet, and nobody whose name he was not told", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const { one, events } = participant(uniqueName("jarvis"), { kind: "butler" });
  await using jarvis = one;
  await using tony = participant(uniqueName("tony")).one;
  await Promise.all([tony.start(settings, brokerInfo()), jarvis.start(settings, brokerInfo())]);
  const outcome = await tony.request(jarvis.name, "remind me in 1s to stretch", { timeoutMs: 20_000 });
  assert.equal(outcome.ok, true);
  await using admin = await Admin.connect(settings);
  await until(async () => (await admin.listTopics()).includes(requestTopic(tony.name)));
  await until(async () =>
    (await admin.topicOffsets(requestTopic(tony.name))).reduce((sum, { latest }) => sum + latest, 0n) === 1n
  );
  await using producer = await Producer.connect(settings);
  const reminders = ["no name", "a\nname"].map((name) =>
    producer.send({
      topic: requestTopic(jarvis.name),
      value: "remind me in 1s to go",
      headers: {
        kafka_replyTopic: requestTopic(tony.name),
        ...(name === "no name" ? {} : { "parley-from": name }),
      },
    })
  );
  await Promise.all(reminders);
  const answers = () => events.flatMap((event) => event.type === "answered" ? [event] : []);
  await until(() => answers().length === 3);
  for (const { question, text } of answers().slice(1)) {
    assert.equal(question.from, "(somebody)");
    assert.match(text, /if I knew whom to remind/);
  }
  assert.deepEqual(events.filter(({ type }) => type === "trouble"), []);
});

Deno.test({
  name: "Participant sends nothing after the deadline, though Kafka was away until then",
  ignore: brokerKind() === "apache-3",
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    await using tony = participant(uniqueName("tony")).one;
    await tony.start(plainSettings(proxy.address), brokerInfo());
    const peer = uniqueName("pepper");
    proxy.goAway();
    assert.equal((await tony.request(peer, "too late", { timeoutMs: 300 })).ok, false);
    proxy.comeBack();
    await using admin = await Admin.connect(plainSettings(...broker.bootstrapServers));
    await until(async () => (await admin.listTopics()).includes(requestTopic(peer)));
    assert.equal((await tony.request(peer, "in time", { timeoutMs: 1_500 })).ok, false);
    const sent = (await admin.topicOffsets(requestTopic(peer))).reduce((sum, { latest }) => sum + latest, 0n);
    assert.equal(sent, 1n);
  },
});
