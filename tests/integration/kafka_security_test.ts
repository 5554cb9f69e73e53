/**
 * Who connects, and by which protocol: on a node of Apache Kafka of its own, with a listener for each protocol. It is
 * only run by `test:kafka`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { KafkaError } from "../../src/base/errors.ts";
import { Admin } from "../../src/kafka/admin.ts";
import { GroupConsumer } from "../../src/kafka/consumer.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { Producer } from "../../src/kafka/producer.ts";
import type { KafkaSettings, SaslMechanism, SecurityProtocol } from "../../src/kafka/settings.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { Place } from "../e2e/processes.ts";
import { ApacheKafka } from "../support/apache_kafka.ts";
import { makeAuthority } from "../support/apache_kafka_security.ts";
import { brokerKind, uniqueName } from "../support/broker.ts";

const isRun = brokerKind() === "apache-1";
const USER = { username: "bob", password: "correct-horse" };
const WRONG_PASSWORD = "s3cret-guess";
const TIMEOUT_MS = 20_000;

let running: ApacheKafka | undefined;

if (isRun) {
  Deno.test.beforeAll(async () => {
    running = await ApacheKafka.start({ user: USER });
  });
  Deno.test.afterAll(async () => {
    await running?.stop();
  });
} else {
  // One line for all of them.
  Deno.test.ignore("SASL and TLS (left out: only on one node of Apache Kafka, by test:kafka)", () => {});
}

function test(name: string, run: (kafka: ApacheKafka) => Promise<void>): void {
  if (!isRun) return;
  Deno.test(name, async () => {
    assert.ok(running);
    await run(running);
  });
}

/** How a client may be set: what it speaks, and to which listener. */
interface Way {
  readonly speaks: SecurityProtocol;
  /** @default what it speaks */
  readonly to?: SecurityProtocol;
  readonly mechanism?: SaslMechanism;
  readonly password?: string;
  /** @default the node's own authority; null for the system's */
  readonly ca?: string | null;
}

function settingsFor(kafka: ApacheKafka, way: Way): KafkaSettings {
  const { speaks, to = speaks, mechanism = "SCRAM-SHA-256", password = USER.password, ca = kafka.ca } = way;
  return {
    bootstrapServers: to === "PLAINTEXT" ? kafka.bootstrapServers : [kafka.address(to)],
    clientId: "security",
    securityProtocol: speaks,
    ...(speaks.endsWith("SSL") && ca !== null ? { ca } : {}),
    ...(speaks.startsWith("SASL_") ? { sasl: { ...USER, mechanism, password } } : {}),
  };
}

const RIGHT: readonly Way[] = [
  { speaks: "SASL_SSL", mechanism: "PLAIN" },
  { speaks: "SASL_SSL", mechanism: "SCRAM-SHA-256" },
  { speaks: "SASL_SSL", mechanism: "SCRAM-SHA-512" },
  { speaks: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-256" },
  { speaks: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-512" },
  { speaks: "SSL" },
];

for (const way of RIGHT) {
  const { speaks, mechanism } = way;
  const name = mechanism === undefined ? `${speaks} with a CA` : `${speaks} and ${mechanism}`;
  test(`Requester and Replier talk by ${name}, on every connection that they open`, async (kafka) => {
    const settings = settingsFor(kafka, way);
    const topic = uniqueName("security");
    await using admin = await Admin.connect(settings);
    await admin.createTopics([{ topic }]);
    await using _replier = await Replier.start({
      settings,
      topic,
      groupId: topic,
      handler: (request) => request.value,
    });
    await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });
    const reply = await requester.request(topic, { value: "hello" }, { timeoutMs: TIMEOUT_MS });
    assert.equal(reply.text(), "hello");
  });
}

/** Shows that `connecting` fails so, on one line, and that nothing of the error tells a secret. */
async function assertRefused(
  connecting: Promise<unknown>,
  expected: { code: string; retriable: boolean; message: RegExp },
): Promise<void> {
  await assert.rejects(connecting, (error) => {
    assert.ok(error instanceof KafkaError);
    const { code, retriable, message } = error;
    assert.deepEqual([code, retriable], [expected.code, expected.retriable], message);
    assert.match(message, expected.message);
    assert.ok(!message.includes("\n"));
    const told = Deno.inspect(error, { depth: 20 });
    for (const password of [USER.password, WRONG_PASSWORD]) {
      const plain = `\0${USER.username}\0${password}`;
      for (const secret of [password, btoa(password), btoa(plain)]) assert.ok(!told.includes(secret));
    }
    return true;
  });
}

for (
  const [speaks, mechanism] of [
    ["SASL_SSL", "PLAIN"],
    ["SASL_PLAINTEXT", "SCRAM-SHA-256"],
    ["SASL_SSL", "SCRAM-SHA-512"],
  ] as const
) {
  test(`Admin.connect() tells of a wrong password by ${speaks} and ${mechanism}`, async (kafka) => {
    const settings = settingsFor(kafka, { speaks, mechanism, password: WRONG_PASSWORD });
    await assertRefused(Admin.connect(settings), {
      code: "SASL_AUTHENTICATION_FAILED",
      retriable: false,
      message: /^Cannot connect to Kafka at localhost:\d+: SASL .* authentication failed: .*[Ii]nvalid/,
    });
  });
}

test("Admin.connect() names the mechanism that the broker does not take", async (kafka) => {
  await assertRefused(Admin.connect(settingsFor(kafka, { speaks: "SASL_PLAINTEXT", mechanism: "PLAIN" })), {
    code: "UNSUPPORTED_SASL_MECHANISM",
    retriable: false,
    message: /^Cannot connect to Kafka at localhost:\d+: .* SASL mechanism: current value is PLAIN$/,
  });
});

test("Admin.connect() trusts neither an unknown authority nor a name that is not certified", async (kafka) => {
  const folder = await Deno.makeTempDir();
  const another = await makeAuthority(folder);
  await Deno.remove(folder, { recursive: true });
  const untrusted = (reason: string) => ({
    code: "NETWORK_EXCEPTION",
    retriable: false,
    message: new RegExp(
      `^Cannot connect to Kafka at .*: the broker's certificate is not trusted: .*${reason}`,
    ),
  });
  for (const speaks of ["SSL", "SASL_SSL"] as const) {
    const settings = (ca: string | null) => settingsFor(kafka, { speaks, ca });
    await assertRefused(Admin.connect(settings(another)), untrusted("unable to verify"));
    await assertRefused(Admin.connect(settings(null)), untrusted("self-signed certificate"));
  }
  const settings = settingsFor(kafka, { speaks: "SSL" });
  const byAddress = settings.bootstrapServers.map((server) => server.replace("localhost", "127.0.0.1"));
  await assertRefused(
    Admin.connect({ ...settings, bootstrapServers: byAddress }),
    untrusted("127.0.0.1 is not in the cert's list"),
  );
});

const HUNG_UP =
  /: (connection (closed by the broker|reset)|the answer of \d+ bytes is none of Kafka's protocol): is (SASL_)?(PLAINTEXT|SSL) its security protocol\?$/;
const NO_SASL = /: Request is not valid .*SASL state: is SASL_\w+ its security protocol\?$/;

for (
  const [speaks, to] of [
    ["PLAINTEXT", "SASL_PLAINTEXT"],
    ["PLAINTEXT", "SSL"],
    ["PLAINTEXT", "SASL_SSL"],
    ["SSL", "SASL_SSL"],
    ["SSL", "PLAINTEXT"],
    ["SASL_PLAINTEXT", "SASL_SSL"],
    ["SASL_SSL", "SASL_PLAINTEXT"],
    ["SASL_PLAINTEXT", "PLAINTEXT"],
    ["SASL_SSL", "SSL"],
  ] as const
) {
  test(`Admin.connect() asks whether ${speaks} is meant where the broker expects ${to}`, async (kafka) => {
    // Only what has SASL where none is asked for gets an answer.
    const isAnswered = speaks === `SASL_${to}`;
    await assertRefused(Admin.connect(settingsFor(kafka, { speaks, to })), {
      code: isAnswered ? "ILLEGAL_SASL_STATE" : "NETWORK_EXCEPTION",
      retriable: !isAnswered,
      message: isAnswered ? NO_SASL : HUNG_UP,
    });
  });
}

test("every client tells of a wrong protocol and a wrong password when it connects", async (kafka) => {
  const topic = uniqueName("security");
  const clients: ((settings: KafkaSettings) => Promise<unknown>)[] = [
    (settings) => Producer.connect(settings),
    (settings) => PartitionReader.start(settings, { topic, from: "earliest", onRecords() {} }),
    (settings) =>
      GroupConsumer.start(settings, {
        groupId: topic,
        topics: [topic],
        from: "earliest",
        maxUnfinished: 1,
        onBatch() {},
      }),
    (settings) => Requester.start({ settings, replyTopic: topic }),
    (settings) => Replier.start({ settings, topic, groupId: topic, handler: () => Promise.resolve("") }),
  ];
  const wrongProtocol = settingsFor(kafka, { speaks: "PLAINTEXT", to: "SASL_PLAINTEXT" });
  const wrongPassword = settingsFor(kafka, { speaks: "SASL_PLAINTEXT", password: WRONG_PASSWORD });
  for (const connect of clients) {
    await assertRefused(connect(wrongProtocol), {
      code: "NETWORK_EXCEPTION",
      retriable: true,
      message: HUNG_UP,
    });
    await assertRefused(connect(wrongPassword), {
      code: "SASL_AUTHENTICATION_FAILED",
      retriable: false,
      message: /authentication failed/,
    });
  }
});

/** The settings as a user writes them; the file with the authority lies in the place's folder. */
async function written(kafka: ApacheKafka, place: Place, way: Way): Promise<Record<string, string>> {
  const { bootstrapServers, securityProtocol, sasl, ca } = settingsFor(kafka, way);
  const location = `${place.folder}/ca.pem`;
  if (ca !== undefined) await Deno.writeTextFile(location, ca);
  return {
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(","),
    KAFKA_SECURITY_PROTOCOL: securityProtocol,
    ...(ca === undefined ? {} : { KAFKA_SSL_CA_LOCATION: location }),
    ...(sasl === undefined ? {} : {
      KAFKA_SASL_MECHANISMS: sasl.mechanism,
      KAFKA_SASL_USERNAME: sasl.username,
      KAFKA_SASL_PASSWORD: sasl.password,
    }),
  };
}

/** The settings as `.env` of the folder that Parley is run in. */
async function writeEnvFile(place: Place, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await Deno.writeTextFile(`${place.folder}/.env`, lines.join(""));
}

for (
  const [from, way] of [
    ["the environment", { speaks: "SASL_SSL", mechanism: "PLAIN" }],
    [".env", { speaks: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-512" }],
    [".env", { speaks: "SSL" }],
  ] as const
) {
  test(`parley topics, produce and consume work by ${way.speaks}, set in ${from}`, async (kafka) => {
    await using place = new Place();
    const settings = await written(kafka, place, way);
    if (from === ".env") await writeEnvFile(place, settings);
    const environment = from === ".env" ? {} : settings;
    const topic = uniqueName("security");
    const parley = async (...args: string[]) => {
      const { code, stdout, stderr } = await place.run(args, { environment });
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout;
    };
    await parley("topics", "create", topic);
    await parley("produce", topic, "hello");
    const listed = (await parley("topics")).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(listed.filter((one) => one.topic === topic), [{ topic, partitions: 1, records: "1" }]);
    const read = await parley("consume", topic, "--from", "earliest", "--max", "1", "--group", topic);
    assert.equal(JSON.parse(read).value, "hello");
  });
}

test("parley chat talks by SASL_SSL and PLAIN, its workers too", async (kafka) => {
  await using place = new Place();
  const settings = await written(kafka, place, { speaks: "SASL_SSL", mechanism: "PLAIN" });
  const echo = place.start(["chat", "echo", "--brain", "echo"], settings);
  await echo.untilStderr(/echo.* answers\./);
  const said = await place.run(["chat", "tony", "--to", "echo", "--say", "hello"], { environment: settings });
  assert.deepEqual([said.code, said.stdout], [0, "hello\n"], said.stderr);
});

test("parley says in one line, without the password, why it is not let in", async (kafka) => {
  await using place = new Place();
  const wrong: readonly [Way, RegExp][] = [
    [{ speaks: "SASL_SSL", mechanism: "PLAIN", password: WRONG_PASSWORD }, /authentication failed/],
    [{ speaks: "SASL_PLAINTEXT", mechanism: "PLAIN" }, /current value is PLAIN/],
    [{ speaks: "SASL_SSL", ca: null }, /the broker's certificate is not trusted/],
    [{ speaks: "PLAINTEXT", to: "SASL_SSL" }, /is PLAINTEXT its security protocol\?/],
    [{ speaks: "PLAINTEXT", to: "SASL_PLAINTEXT" }, /is PLAINTEXT its security protocol\?/],
  ];
  for (const [way, reason] of wrong) {
    await writeEnvFile(place, await written(kafka, place, way));
    const { code, stdout, stderr } = await place.run(["topics"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^parley: [^\n]+\n$/);
    assert.match(stderr, reason);
    for (const password of [USER.password, WRONG_PASSWORD]) assert.ok(!stderr.includes(password));
  }
});
