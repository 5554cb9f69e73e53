import assert from "node:assert/strict";
import { KafkaError, ReplyError, RequestTimeoutError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { ConsumedRecord } from "../../src/kafka/record.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { newId } from "../../src/toolkit/ids.ts";
import { Replier, type RequestHandler } from "../../src/toolkit/replier.ts";
import { Requester, type RequesterOptions } from "../../src/toolkit/requester.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { API, FaultProxy } from "../support/fault_proxy.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";

const isCluster = brokerKind() === "apache-3";

async function createTopic(settings: KafkaSettings, numPartitions = 1) {
  const topic = uniqueName("requests");
  await using admin = await Admin.connect(settings);
  await admin.createTopics([{ topic, numPartitions }]);
  return topic;
}

/** A requester and a replier that know each other. */
async function pair(
  settings: KafkaSettings,
  handler: RequestHandler,
  options: Partial<RequesterOptions> = {},
) {
  const resources = new AsyncDisposableStack();
  const topic = await createTopic(settings);
  const replier = resources.use(
    await Replier.start({ settings, topic, groupId: topic, handler, stopTimeoutMs: 500 }),
  );
  const requester = resources.use(
    await Requester.start({ settings, replyTopic: `${topic}.replies`, ...options }),
  );
  return { topic, replier, requester, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

Deno.test("Requester.request() resolves with the reply, where it stands, and how long it took", async () => {
  await using broker = await testBroker();
  await using talk = await pair(
    plainSettings(...broker.bootstrapServers),
    (request) => `you said ${request.text()}`,
  );
  const id = newId();
  const reply = await talk.requester.request(talk.topic, { value: "žluť ☕", headers: { mine: "m" } }, {
    timeoutMs: 10_000,
    id,
  });
  assert.equal(reply.text(), "you said žluť ☕");
  assert.deepEqual([reply.id, reply.topic, reply.partition, reply.offset], [
    id,
    `${talk.topic}.replies`,
    0,
    0n,
  ]);
  assert.ok(reply.rttMs > 0);
  assert.equal(new TextDecoder().decode(reply.headers["kafka_correlationId"]), id);
  assert.equal(new TextDecoder().decode(reply.headers["kafka_nest-is-disposed"]), "1");
  const { p50Ms, p99Ms, ...counts } = talk.requester.stats();
  assert.deepEqual(counts, {
    sent: 1,
    answered: 1,
    failed: 0,
    timedOut: 0,
    late: 0,
    unknown: 0,
    inFlight: 0,
  });
  assert.ok(p50Ms !== undefined && p99Ms !== undefined);
});

Deno.test("Requester.request() carries objects, bytes and nothing at all, there and back", async () => {
  await using broker = await testBroker();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), (request) => request.value);
  const ask = async (value: string | Uint8Array | object) =>
    await talk.requester.request(talk.topic, { value }, { timeoutMs: 10_000 });
  assert.deepEqual((await ask({ b: [1], a: "č" })).json(), { a: "č", b: [1] });
  assert.deepEqual((await ask(new Uint8Array([0, 255]))).value, new Uint8Array([0, 255]));
  assert.equal((await ask("")).text(), "");
});

Deno.test("Requester.request() rejects with the other side's error: thrown, or a reply that cannot be sent", async () => {
  await using broker = await testBroker();
  const handlers: Record<string, () => string> = {
    syntax: () => JSON.parse("{"),
    type: () => (undefined as unknown as { x: string }).x.trim(),
    unsendable: () => new Map() as unknown as string,
    passed: () => {
      throw new ReplyError("other", { type: "urn:gone", title: "Gone", status: 410 });
    },
    fine: () => "fine",
  };
  await using talk = await pair(
    plainSettings(...broker.bootstrapServers),
    (request) => handlers[request.text()]?.(),
  );
  const failure = async (value: string): Promise<ReplyError> => {
    const error = await talk.requester.request(talk.topic, { value }, { timeoutMs: 10_000 }).then(
      () => undefined,
      (error) => error,
    );
    assert.ok(error instanceof ReplyError, Deno.inspect(error));
    return error;
  };
  assert.match((await failure("syntax")).message, /JSON/);
  assert.equal((await failure("type")).problem.status, 500);
  assert.match((await failure("unsendable")).message, /value of type Map/);
  assert.deepEqual((await failure("passed")).problem, { type: "urn:gone", title: "Gone", status: 410 });
  const reply = await talk.requester.request(talk.topic, { value: "fine" }, { timeoutMs: 10_000 });
  assert.equal(reply.text(), "fine");
  assert.equal(talk.requester.stats().failed, 4);
  assert.equal(talk.replier.stats().failed, 4);
});

Deno.test("Requester.request() rejects at its deadline; a reply that comes later is counted, not delivered", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  await using producer = await Producer.connect(settings);
  await assert.rejects(requester.request(topic, { value: "x" }, { timeoutMs: 150, id: "slow" }), (error) => {
    assert.ok(error instanceof RequestTimeoutError);
    assert.deepEqual([error.id, error.topic, error.timeoutMs], ["slow", topic, 150]);
    return true;
  });
  const headers = { kafka_correlationId: "slow" };
  await producer.send({ topic: `${topic}.replies`, value: "too late", headers });
  await until(() => requester.stats().late === 1);
  const { timedOut, answered, unknown, inFlight } = requester.stats();
  assert.deepEqual({ timedOut, answered, unknown, inFlight }, {
    timedOut: 1,
    answered: 0,
    unknown: 0,
    inFlight: 0,
  });
});

Deno.test("Requester counts a reply as late that was ready after the deadline; an error then is not sent", async () => {
  await using broker = await testBroker();
  const open = Promise.withResolvers<string>();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), async (request) => {
    const answer = await open.promise;
    if (request.text() === "error") throw new Error(answer);
    return answer;
  });
  const ask = (value: string) => talk.requester.request(talk.topic, { value }, { timeoutMs: 1_000 });
  const asked = [ask("error"), ask("answer")];
  for (const each of asked) await assert.rejects(each, RequestTimeoutError);
  open.resolve("too late");
  const { replier, requester } = talk;
  // Where the cluster is slow, the requests themselves were over when they came.
  await until(() => replier.stats().failed + replier.stats().answered + replier.stats().expired === 2);
  await until(() => requester.stats().late === replier.stats().answered);
  assert.deepEqual([requester.stats().unknown, replier.stats().undeliverable], [0, 0]);
});

Deno.test("Requester.request() sends nothing for a signal that is aborted already", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  const given = requester.request(topic, { value: "x" }, {
    timeoutMs: 10_000,
    signal: AbortSignal.abort(new Error("no more")),
  });
  await assert.rejects(given, /no more/);
  await requester.send(topic, { value: "y" });
  assert.deepEqual([requester.stats().sent, requester.stats().inFlight], [1, 0]);
});

Deno.test({
  name:
    "Requester.request() ends with RequestTimeoutError, and why, when the broker is away until the deadline",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const [known, unknown] = [await createTopic(settings), await createTopic(settings)];
    await using requester = await Requester.start({ settings, replyTopic: `${known}.replies` });
    await requester.send(known, { value: "now the topic is known" });
    proxy.goAway();
    const errors = await Promise.all(
      [known, unknown].flatMap((topic) =>
        [200, 700].map((timeoutMs) =>
          requester.request(topic, { value: "x" }, { timeoutMs }).then(() => undefined, (error) => error)
        )
      ),
    );
    for (const error of errors) assert.ok(error instanceof RequestTimeoutError, Deno.inspect(error));
    assert.equal(requester.stats().timedOut, 4);
    assert.equal(requester.stats().failed, 0);
    proxy.comeBack();
  },
});

Deno.test("Requester and Replier agree on the deadline after the machine slept, or its clock was set", async () => {
  await using broker = await testBroker();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), () => "fine");
  const { now } = Date;
  try {
    for (const driftMs of [3_600_000, -3_600_000]) {
      Date.now = () => now() + driftMs;
      const reply = await talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 10_000 });
      assert.equal(reply.text(), "fine");
    }
  } finally {
    Date.now = now;
  }
});

Deno.test({
  name: "Replier tells once that it is down, and once that it is up again",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const settings = plainSettings(proxy.address);
    const topic = await createTopic(settings);
    const events: string[] = [];
    let refused = 0;
    await using _replier = await Replier.start({
      settings,
      topic,
      groupId: topic,
      handler: () => "x",
      onEvent: ({ type }) => type === "down" || type === "up" ? events.push(type) : undefined,
    });
    proxy.goAway();
    await until(() => events.length > 0);
    // It comes back for nothing but refusals, for some tries.
    proxy.onRequest = () => refused++ < 5 ? "cut" : "pass";
    proxy.comeBack();
    await until(() => events.includes("up"));
    // Only the fetches fail: nothing is assigned anew.
    const fetches = { cut: 0 };
    proxy.onResponse = (apiKey) => apiKey === API.fetch && fetches.cut++ < 3 ? "cut" : "pass";
    proxy.cut();
    await until(() => events.length === 4);
    assert.deepEqual(events, ["down", "up", "down", "up"]);
  },
});

Deno.test("Requester counts a reply that nobody asked for", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await using talk = await pair(settings, () => "x");
  await using producer = await Producer.connect(settings);
  await producer.send({
    topic: `${talk.topic}.replies`,
    value: "?",
    headers: { kafka_correlationId: newId() },
  });
  await producer.send({ topic: `${talk.topic}.replies`, value: "?" });
  await until(() => talk.requester.stats().unknown === 2);
});

Deno.test("Replier skips a request whose caller has given up", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  await assert.rejects(
    requester.request(topic, { value: "nobody is there yet" }, { timeoutMs: 50 }),
    RequestTimeoutError,
  );
  const handled: string[] = [];
  await using replier = await Replier.start({
    settings,
    topic,
    groupId: topic,
    handler: (request) => {
      handled.push(request.text());
      return "done";
    },
  });
  assert.equal((await requester.request(topic, { value: "now" }, { timeoutMs: 10_000 })).text(), "done");
  assert.deepEqual(handled, ["now"]);
  assert.equal(replier.stats().expired, 1);
});

Deno.test("Requester.send() asks for no reply", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const seen: boolean[] = [];
  await using talk = await pair(settings, (request) => {
    seen.push(request.isOneWay);
    return "unheard";
  });
  const { offset } = await talk.requester.send(talk.topic, { value: "told" });
  assert.equal(offset, 0n);
  await until(() => talk.replier.stats().answered === 1);
  assert.deepEqual(seen, [true]);
  assert.equal(talk.requester.stats().unknown, 0);
});

Deno.test("Requester loses and crosses none of 10,000 concurrent requests", async () => {
  await using broker = await testBroker();
  await using talk = await pair(
    plainSettings(...broker.bootstrapServers),
    (request) => `reply to ${request.text()}`,
  );
  const COUNT = 10_000;
  const replies = await Promise.all(
    Array.from(
      { length: COUNT },
      (_, i) => talk.requester.request(talk.topic, { value: String(i) }, { timeoutMs: 60_000 }),
    ),
  );
  replies.forEach((reply, i) => assert.equal(reply.text(), `reply to ${i}`));
  assert.equal(new Set(replies.map(({ offset }) => offset)).size, COUNT);
  assert.equal(talk.requester.stats().answered, COUNT);
});

Deno.test("Requester.request() waits for a place when maxInFlight are on their way, within its deadline", async () => {
  await using broker = await testBroker();
  let handling = 0;
  let most = 0;
  const open = Promise.withResolvers<void>();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), async () => {
    most = Math.max(most, ++handling);
    await open.promise;
    handling--;
    return "done";
  }, { maxInFlight: 3 });
  const asked = Array.from(
    { length: 10 },
    () => talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 20_000 }),
  );
  const impatient = talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 100 });
  await assert.rejects(impatient, RequestTimeoutError);
  assert.equal(talk.requester.stats().inFlight, 3);
  const stop = new AbortController();
  const given = talk.requester.request(talk.topic, { value: "x" }, {
    timeoutMs: 20_000,
    signal: stop.signal,
  });
  stop.abort(new Error("no more"));
  await assert.rejects(given, /no more/);
  open.resolve();
  assert.equal((await Promise.all(asked)).length, 10);
  // Those who gave up before there was a place were never sent.
  assert.equal(talk.requester.stats().sent, 10);
  assert.equal(most, 3);
});

Deno.test("Requester.request() refuses an id in flight and a deadline that is none, and can be given up", async () => {
  await using broker = await testBroker();
  const open = Promise.withResolvers<string>();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), () => open.promise);
  const first = talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 10_000, id: "same" });
  await assert.rejects(
    talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 10_000, id: "same" }),
    TypeError,
  );
  await assert.rejects(talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 0 }), RangeError);
  const stop = new AbortController();
  const given = talk.requester.request(talk.topic, { value: "x" }, {
    timeoutMs: 10_000,
    signal: stop.signal,
  });
  stop.abort(new Error("no more"));
  await assert.rejects(given, /no more/);
  open.resolve("fine");
  assert.equal((await first).text(), "fine");
});

Deno.test("Requester.close() fails what is on its way, clearly, and deletes its reply topic", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const stop = new AbortController();
  await using talk = await pair(
    settings,
    (_, { signal }) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
    { signal: stop.signal },
  );
  const asked = assert.rejects(
    talk.requester.request(talk.topic, { value: "x" }, { timeoutMs: 60_000 }),
    (error) => error instanceof KafkaError && /the requester is closed$/.test(error.message),
  );
  stop.abort();
  await asked;
  await talk.requester.close();
  await using admin = await Admin.connect(settings);
  await until(async () => !(await admin.listTopics()).includes(`${talk.topic}.replies`));
});

Deno.test("Requester.request() fails with Kafka's reason when it cannot be sent", async () => {
  await using broker = await testBroker();
  await using talk = await pair(plainSettings(...broker.bootstrapServers), () => "x");
  const codeOf = (topic: string, value: string) =>
    talk.requester.request(topic, { value }, { timeoutMs: 10_000 }).then(
      () => "answered",
      (error) => error.code,
    );
  assert.equal(await codeOf(uniqueName("unknown"), "x"), "UNKNOWN_TOPIC_OR_PARTITION");
  assert.equal(await codeOf(talk.topic, "x".repeat(2_000_000)), "MESSAGE_TOO_LARGE");
  assert.equal(talk.requester.stats().inFlight, 0);
});

Deno.test({
  name: "Requester settles every request while the broker goes away and comes back",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    await using talk = await pair(plainSettings(proxy.address), (request) => `reply to ${request.text()}`);
    const COUNT = 2_000;
    let asked = 0;
    let answered = 0;
    const lane = async () => {
      while (asked < COUNT) {
        const text = String(asked++);
        const reply = await talk.requester.request(talk.topic, { value: text }, { timeoutMs: 30_000 });
        assert.equal(reply.text(), `reply to ${text}`);
        answered++;
      }
    };
    const lanes = Array.from({ length: 32 }, lane);
    for (const stopAt of [200, 600, 1_000]) {
      await until(() => answered >= stopAt);
      proxy.goAway();
      await new Promise((resolve) => setTimeout(resolve, 150));
      proxy.comeBack();
    }
    await Promise.all(lanes);
    assert.equal(answered, COUNT);
  },
});

Deno.test("Requester settles every request while repliers of the group come and go", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings, 4);
  const start = () =>
    Replier.start({ settings, topic, groupId: topic, handler: (request) => `reply to ${request.text()}` });
  const repliers = [await start()];
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  let isOver = false;
  let asked = 0;
  const lane = async () => {
    while (!isOver) {
      const text = String(asked++);
      const reply = await requester.request(topic, { value: text, key: text }, { timeoutMs: 30_000 });
      assert.equal(reply.text(), `reply to ${text}`);
    }
  };
  const lanes = Array.from({ length: 16 }, lane);
  repliers.push(await start());
  repliers.push(await start());
  await repliers.shift()?.close();
  await until(() => repliers.every((replier) => replier.stats().answered > 0));
  await repliers.shift()?.close();
  isOver = true;
  await Promise.all(lanes);
  await Promise.all(repliers.map((replier) => replier.close()));
  assert.equal(requester.stats().answered, asked);
});

Deno.test("Replier answers to the partition asked for, in Spring's form and in NestJS's, with the id byte for byte", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const replyTopic = await createTopic(settings, 4);
  await using talk = await pair(settings, () => "reply");
  await using producer = await Producer.connect(settings);
  const read: ConsumedRecord[] = [];
  await using _reader = await PartitionReader.start(settings, {
    topic: replyTopic,
    from: "latest",
    onRecords: (records) => void read.push(...records),
  });
  /** Spring's ids are sixteen bytes of any value. */
  const id = new Uint8Array([0, 255, 128, 7]);
  const ask = (partition: string | Uint8Array) =>
    producer.send({
      topic: talk.topic,
      value: "x",
      headers: { kafka_correlationId: id, kafka_replyTopic: replyTopic, kafka_replyPartition: partition },
    });
  await ask(new Uint8Array([0, 0, 0, 3]));
  await ask("2");
  await until(() => read.length === 2);
  assert.deepEqual(read.map(({ partition }) => partition).sort(), [2, 3]);
  for (const record of read) assert.deepEqual(new Uint8Array(record.header("kafka_correlationId") ?? []), id);
});

Deno.test("Requester.start() waits until its reader is positioned: no reply is missed however soon it comes", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using _replier = await Replier.start({
    settings,
    topic,
    groupId: topic,
    handler: (request) => request.text(),
  });
  for (let round = 0; round < 5; round++) {
    await using requester = await Requester.start({ settings, replyTopic: uniqueName("replies") });
    assert.equal(
      (await requester.request(topic, { value: `${round}` }, { timeoutMs: 10_000 })).text(),
      `${round}`,
    );
  }
});

Deno.test({
  name: "Requester.start() fails in its time when the reply reader cannot be positioned",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const LIST_OFFSETS = 2;
    proxy.onRequest = (apiKey) => apiKey === LIST_OFFSETS ? "drop" : "pass";
    await assert.rejects(
      Requester.start({
        settings: plainSettings(proxy.address),
        replyTopic: uniqueName("replies"),
        startTimeoutMs: 300,
      }),
      (error) => error instanceof KafkaError && error.code === "REQUEST_TIMED_OUT",
    );
  },
});

Deno.test({
  name: "Requester.request() is answered once when the request's acknowledgement is lost",
  ignore: isCluster,
  async fn() {
    await using broker = await testBroker();
    await using proxy = FaultProxy.start(broker.bootstrapServers[0] ?? "");
    const handled: string[] = [];
    await using talk = await pair(plainSettings(proxy.address), (request) => {
      handled.push(request.text());
      return "reply";
    });
    let lost = 0;
    proxy.onResponse = (apiKey) => apiKey === API.produce && lost++ === 0 ? "cut" : "pass";
    assert.equal(
      (await talk.requester.request(talk.topic, { value: "once" }, { timeoutMs: 20_000 })).text(),
      "reply",
    );
    assert.deepEqual(handled, ["once"]);
  },
});

Deno.test("Requester makes its reply topic anew when somebody deleted it", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  await using talk = await pair(settings, (request) => request.value);
  await using admin = await Admin.connect(settings);
  const ask = (timeoutMs: number) => talk.requester.request(talk.topic, { value: "x" }, { timeoutMs });
  assert.equal((await ask(10_000)).text(), "x");
  await admin.deleteTopics([`${talk.topic}.replies`]);
  // What is asked until then ends at its deadline.
  await until(() => ask(500).then(() => true, () => false));
});

Deno.test("Requester.request() understands NestJS's error replies, of text and of an object", async () => {
  await using broker = await testBroker();
  const settings = plainSettings(...broker.bootstrapServers);
  const topic = await createTopic(settings);
  await using producer = await Producer.connect(settings);
  const errors = ["no such thing", '{"status":"error","message":"no such thing"}'];
  await using _server = await PartitionReader.start(settings, {
    topic,
    from: "earliest",
    onRecords: async (records) => {
      for (const record of records) {
        const { kafka_correlationId, kafka_replyTopic } = record.headers;
        await producer.send({
          topic: new TextDecoder().decode(kafka_replyTopic),
          value: null,
          headers: { kafka_correlationId: kafka_correlationId ?? "", "kafka_nest-err": errors.shift() ?? "" },
        });
      }
    },
  });
  await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
  for (let i = 0; i < 2; i++) {
    await assert.rejects(
      requester.request(topic, { value: "x" }, { timeoutMs: 10_000 }),
      (error) => error instanceof ReplyError && error.message === "no such thing",
    );
  }
});
