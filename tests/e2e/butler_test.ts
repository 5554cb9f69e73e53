import assert from "node:assert/strict";
import { Butler } from "../../src/demos/chat/brains/butler.ts";
import { requestTopic } from "../../src/demos/chat/names.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { type Broker, startBroker } from "../../src/testing.ts";

function settingsOf(broker: Broker): KafkaSettings {
  return { bootstrapServers: [broker.address], clientId: "test", securityProtocol: "PLAINTEXT" };
}

async function hire(broker: Broker, instance: string): Promise<Butler> {
  return await Butler.start({
    settings: settingsOf(broker),
    name: "jarvis",
    instance,
    broker: { address: broker.address, how: "for a test", sinceMs: Date.now() - 61_000 },
    onTrouble: (message) => assert.fail(message),
  });
}

let questions = 0;

function ask(butler: Butler, text: string): Promise<string> {
  return butler.answer({ id: String(++questions), from: "tony", text, deadlineMs: undefined });
}

/** A broker with the topics that the participants would have made. */
async function brokerWithTopics(): Promise<Broker> {
  return await startBroker({
    topics: ["tony", "jarvis"].map((name) => ({ name: requestTopic(name), partitions: 1 })),
  });
}

Deno.test("Butler.answer() tells of the running system", async () => {
  await using broker = await brokerWithTopics();
  await using jarvis = await hire(broker, "a");
  assert.match(await ask(jarvis, "time"), /^It is \d\d:\d\d:\d\d, sir, on \w+day,? \d+ \w+ \d{4}\.$/);
  const status = await ask(jarvis, "status");
  assert.match(status, new RegExp(`broker {3}${broker.address}, for a test\n`));
  assert.match(status, /since {4}\d\d:\d\d:\d\d \(1 minute 1 second\)\n/);
  assert.match(status, new RegExp(`cluster {2}${broker.clusterId}\n`));
  assert.match(status, /topics {3}3\n/);
  assert.match(status, /lag {6}0 records, this request among them$/);
  assert.equal(
    await ask(jarvis, "topics"),
    "There are 3 topics, sir:\n  parley.chat.jarvis\n  parley.chat.jarvis.memory\n  parley.chat.tony",
  );
  assert.match(await ask(jarvis, "help"), /remind me in 10s to/);
});

Deno.test("Butler.answer() remembers for all of its name, at once, and across a restart", async () => {
  await using broker = await brokerWithTopics();
  await using other = await hire(broker, "b");
  {
    await using jarvis = await hire(broker, "a");
    assert.equal(
      await ask(jarvis, "what do you remember?"),
      "Nothing yet, sir. `remember X is Y`, and I shall.",
    );
    assert.equal(await ask(jarvis, "remember my suit is red"), "Noted, sir: your suit is red.");
    assert.equal(await ask(other, "what is my suit?"), "Your suit is red, sir.");
    assert.equal(await ask(other, "remember my suit is grün 🟢"), "Noted, sir: your suit is grün 🟢.");
    assert.equal(await ask(jarvis, "what is my suit?"), "Your suit is grün 🟢, sir.");
  }
  await using again = await hire(broker, "c");
  assert.equal(await ask(again, "what do you remember"), "What I was told, sir:\n  your suit is grün 🟢");
  assert.match(await ask(again, "forget my suit"), /never heard of it/);
  assert.match(await ask(other, "what is my suit?"), /^I have nothing on your suit, sir/);
});

Deno.test("Butler.answer() reminds once, also when the instance that was asked is gone", async () => {
  await using broker = await brokerWithTopics();
  const heard: string[] = [];
  const both = Promise.withResolvers<void>();
  await using _reader = await PartitionReader.start(settingsOf(broker), {
    topic: requestTopic("tony"),
    from: "earliest",
    onRecords: (records) => {
      heard.push(...records.map((record) => record.text()));
      if (heard.length >= 2) both.resolve();
    },
  });
  {
    await using jarvis = await hire(broker, "a");
    assert.equal(await ask(jarvis, "remind me in 500ms to breathe"), "In 500 ms, sir. I shall not forget.");
  }
  await using other = await hire(broker, "b");
  assert.equal(await ask(other, "remind me in 1ms to blink"), "In 1 ms, sir. I shall not forget.");
  await both.promise;
  assert.deepEqual(heard, [
    "You asked me to remind you, sir: blink",
    "You asked me to remind you, sir: breathe",
  ]);
  assert.match(await ask(other, "remind me in 1000 days to smile"), /beyond my planning horizon/);

  // What was delivered is forgotten: the next one to start has nothing to deliver.
  await using admin = await Admin.connect(settingsOf(broker));
  const [memory] = await admin.topicOffsets("parley.chat.jarvis.memory");
  assert.ok((memory?.latest ?? 0n) >= 3n);
});
