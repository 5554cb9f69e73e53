import assert from "node:assert/strict";
import { configureLog, logLine } from "../../src/base/log.ts";
import { Kafka, logLevel, type SASLOptions } from "kafkajs";
import { type BrokerOptions, startBroker } from "../../src/testing.ts";
import { sleep } from "../../src/base/stop.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { encodeRequest, FRAME_SIZE_BYTES } from "../../src/wire/frame.ts";
import { ProduceRequest } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest } from "../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { SaslHandshakeRequest, SaslHandshakeResponse } from "../../src/wire/messages/17_sasl_handshake.ts";
import { ApiVersionsRequest, ApiVersionsResponse } from "../../src/wire/messages/18_api_versions.ts";
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from "../../src/wire/messages/36_sasl_authenticate.ts";
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from "../../src/wire/messages/51_alter_user_scram_credentials.ts";
import { makeCertificates } from "../support/apache_kafka_security.ts";
import { batchOf } from "../support/batches.ts";
import { hasKcat, kcat } from "../support/kcat.ts";
import { saltedPasswordOf } from "../support/scram_client.ts";
import { WireClient } from "../support/wire_client.ts";

const PASSWORD = "correct-horse";
const WRONG_PASSWORD = "s3cret-guess";
const USERS = { alice: PASSWORD };
const FAILED = "Authentication failed during authentication due to invalid credentials with SASL mechanism";

const folder = await Deno.makeTempDir({ prefix: "parley-security-" });
const { ca } = await makeCertificates(folder);
const TLS = { certFile: `${folder}/node.pem`, keyFile: `${folder}/node.key` };
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const lines: string[] = [];
configureLog({ level: "debug", sink: (record) => void lines.push(logLine(record)) });

type Protocol = "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
type Mechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

function optionsFor(protocol: Protocol): BrokerOptions {
  return {
    topics: [{ name: "t" }],
    listen: { hostname: "localhost", port: 0 },
    security: {
      ...(protocol.endsWith("SSL") ? { tls: TLS } : {}),
      ...(protocol.startsWith("SASL") ? { sasl: { users: USERS } } : {}),
    },
  };
}

function addressOf(address: string): string {
  return `localhost:${address.split(":").at(-1)}`;
}

function saslOf(mechanism: Mechanism, password: string): SASLOptions {
  const who = { username: "alice", password };
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain", ...who };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", ...who };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", ...who };
  }
}

function kafkajs(address: string, protocol: Protocol, mechanism: Mechanism, password = PASSWORD): Kafka {
  return new Kafka({
    brokers: [addressOf(address)],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(protocol.endsWith("SSL") ? { ssl: { ca: [ca] } } : {}),
    ...(protocol.startsWith("SASL") ? { sasl: saslOf(mechanism, password) } : {}),
  });
}

const WAYS: readonly (readonly [Protocol, Mechanism])[] = [
  ["SSL", "PLAIN"],
  ["SASL_PLAINTEXT", "PLAIN"],
  ["SASL_PLAINTEXT", "SCRAM-SHA-256"],
  ["SASL_SSL", "PLAIN"],
  ["SASL_SSL", "SCRAM-SHA-512"],
];

for (const [protocol, mechanism] of WAYS) {
  Deno.test(`Broker serves kafkajs by ${protocol}, ${mechanism}`, async () => {
    await using broker = await startBroker(optionsFor(protocol));
    const kafka = kafkajs(broker.address, protocol, mechanism);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: "t", messages: [{ value: "a" }, { value: "x".repeat(300_000) }] });
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: "g" });
    await consumer.connect();
    await consumer.subscribe({ topic: "t", fromBeginning: true });
    const got = Promise.withResolvers<void>();
    let count = 0;
    await consumer.run({
      eachMessage: () => {
        if (++count === 2) got.resolve();
        return Promise.resolve();
      },
    });
    await got.promise;
    await consumer.disconnect();
    if (protocol === "SSL") return;
    const stranger = kafkajs(broker.address, protocol, mechanism, WRONG_PASSWORD).producer();
    await assert.rejects(stranger.connect(), /[Aa]uthentication/);
  });

  Deno.test({
    name: `Broker serves kcat by ${protocol}, ${mechanism}`,
    ignore: !hasKcat,
    async fn() {
      await using broker = await startBroker(optionsFor(protocol));
      const args = (password: string) => [
        ...["-b", addressOf(broker.address), "-X", `security.protocol=${protocol}`],
        ...["-X", `ssl.ca.location=${folder}/ca.pem`],
        ...["-X", `sasl.mechanism=${mechanism}`, "-X", "sasl.username=alice"],
        ...["-X", `sasl.password=${password}`, "-t", "t"],
      ];
      await kcat([...args(PASSWORD), "-P"], "a\nb\n");
      assert.equal(await kcat([...args(PASSWORD), "-C", "-e", "-q"]), "a\nb\n");
      if (protocol === "SSL") return;
      await assert.rejects(kcat([...args(WRONG_PASSWORD), "-L", "-m", "3"]));
    },
  });
}

Deno.test("Broker takes TLS and nothing else where it encrypts, and tells it", async () => {
  await using broker = await startBroker(optionsFor("SSL"));
  using client = await WireClient.connect(broker.address);
  await client.send(MetadataRequest, 9, { topics: null });
  await client.untilClosed();
  assert.match(lines.join("\n"), /Closed the connection of 127.0.0.1 .*SSL/);
});

Deno.test("Broker closes who does not begin with TLS in time", async () => {
  await using broker = await startBroker({
    ...optionsFor("SSL"),
    limits: { authenticationMs: 80, maxConnections: 2 },
  });
  using silent = await WireClient.connect(broker.address);
  using half = await WireClient.connect(broker.address);
  // A handshake of 512 bytes that does not come.
  await half.sendRaw(new Uint8Array([0x16, 3, 1, 2, 0]));
  await silent.untilClosed();
  await half.untilClosed();
  // Their places are free again.
  const admin = kafkajs(broker.address, "SSL", "PLAIN").admin();
  await admin.connect();
  await admin.disconnect();
});

Deno.test("Broker reads no more of a peer by TLS that takes none of its answers", async () => {
  await using broker = await startBroker({
    ...optionsFor("SSL"),
    limits: { maxResponseBacklogBytes: 100_000 },
  });
  const port = Number(broker.address.split(":").at(-1));
  using peer = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] });
  const topicData = [{ name: "t", partitionData: [{ index: 0, records: batchOf(["x".repeat(900_000)]) }] }];
  const header = { correlationId: 1, clientId: null };
  const produce = encodeRequest(ProduceRequest, 9, header, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1,
    topicData,
  });
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }];
  const fetch = encodeRequest(FetchRequest, 12, header, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    topics: [{ topic: "t", partitions }],
  });
  const writer = peer.writable.getWriter();
  await writer.write(produce);
  for (let i = 0; i < 20; i++) await writer.write(fetch);
  // It goes on sending, far more than the system's own buffers take.
  let isStopped = false;
  const sending = (async () => {
    for (let i = 0; i < 200 && !isStopped; i++) await writer.write(produce);
    return "all was taken";
  })().catch(() => "closed");
  assert.equal(
    await Promise.race([sending, sleep(1_500).then(() => "it reads no more")]),
    "it reads no more",
  );
  isStopped = true;
  await broker.close();
  await sending;
});

const encoder = new TextEncoder();

function handshake(client: WireClient, mechanism: string, version = 1) {
  return client.call(SaslHandshakeRequest, SaslHandshakeResponse, version, { mechanism });
}

function authenticate(client: WireClient, text: string, version = 2) {
  const request = { authBytes: encoder.encode(text) };
  return client.call(SaslAuthenticateRequest, SaslAuthenticateResponse, version, request);
}

Deno.test("Broker names the mechanisms that it takes to who asks for another, and closes", async () => {
  await using broker = await startBroker({ security: { sasl: { mechanisms: ["PLAIN"], users: USERS } } });
  using client = await WireClient.connect(broker.address);
  assert.deepEqual(await handshake(client, "SCRAM-SHA-256"), {
    errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: ["PLAIN"],
  });
  await client.untilClosed();
});

Deno.test("Broker tells a failed authentication in Kafka's words, and closes", async () => {
  await using broker = await startBroker({ security: { sasl: { users: USERS } } });
  const cases: readonly (readonly [Mechanism, string, string])[] = [
    ["PLAIN", `\0alice\0${WRONG_PASSWORD}`, "Authentication failed: Invalid username or password"],
    ["PLAIN", `\0eve\0${PASSWORD}`, "Authentication failed: Invalid username or password"],
    ["PLAIN", "alice", "Invalid SASL/PLAIN response: expected 3 tokens, got 1"],
    ["PLAIN", "\0\0x", "Authentication failed: username not specified"],
    ["PLAIN", "\0x\0", "Authentication failed: password not specified"],
    [
      "PLAIN",
      `root\0alice\0${PASSWORD}`,
      "Authentication failed: Client requested an authorization id that is different from username",
    ],
    ["SCRAM-SHA-256", "xxx", `${FAILED} SCRAM-SHA-256`],
    ["SCRAM-SHA-512", "p=tls-unique,,n=alice,r=abc", `${FAILED} SCRAM-SHA-512`],
    [
      "SCRAM-SHA-256",
      "n,a=root,n=alice,r=abc",
      "Authentication failed: Client requested an authorization id that is different from username",
    ],
  ];
  for (const [mechanism, token, errorMessage] of cases) {
    using client = await WireClient.connect(broker.address);
    await handshake(client, mechanism);
    assert.deepEqual(await authenticate(client, token), {
      errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED,
      errorMessage,
      authBytes: new Uint8Array(),
      sessionLifetimeMs: 0n,
    });
    await client.untilClosed();
  }
});

Deno.test("Broker does not tell by SCRAM who is a user and who is not", async () => {
  await using broker = await startBroker({ security: { sasl: { users: USERS } } });
  const salts: string[] = [];
  for (const name of ["eve", "eve", "alice", "alice"]) {
    using client = await WireClient.connect(broker.address);
    await handshake(client, "SCRAM-SHA-256");
    const { errorCode, authBytes } = await authenticate(client, `n,,n=${name},r=abc`);
    assert.equal(errorCode, ErrorCode.NONE);
    const [, nonce, salt] = /^r=(abc[^,]{20,}),s=([^,]+),i=4096$/.exec(new TextDecoder().decode(authBytes)) ??
      [];
    salts.push(salt ?? "");
    const proof = btoa("p".repeat(32));
    const { errorCode: failed, errorMessage } = await authenticate(client, `c=biws,r=${nonce},p=${proof}`);
    assert.equal(failed, ErrorCode.SASL_AUTHENTICATION_FAILED);
    assert.equal(errorMessage, `${FAILED} SCRAM-SHA-256`);
  }
  assert.equal(salts[0], salts[1]);
  assert.equal(salts[2], salts[3]);
  assert.equal(salts[0]?.length, salts[2]?.length);
});

Deno.test("Broker serves nothing but ApiVersions, once, to who has not authenticated himself", async () => {
  await using broker = await startBroker({ security: { sasl: { users: USERS } } });
  const versions = (client: WireClient) => client.call(ApiVersionsRequest, ApiVersionsResponse, 0, {});
  using first = await WireClient.connect(broker.address);
  assert.ok((await versions(first)).apiKeys.length > 20);
  await assert.rejects(versions(first), /closed/);
  using second = await WireClient.connect(broker.address);
  await assert.rejects(second.call(MetadataRequest, MetadataResponse, 9, { topics: null }), /closed/);
  using third = await WireClient.connect(broker.address);
  await assert.rejects(authenticate(third, `\0alice\0${PASSWORD}`), /closed/);
  using fourth = await WireClient.connect(broker.address);
  await handshake(fourth, "PLAIN");
  assert.equal((await handshake(fourth, "PLAIN")).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  await fourth.untilClosed();
  using fifth = await WireClient.connect(broker.address);
  await handshake(fifth, "PLAIN");
  assert.equal((await versions(fifth)).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  await fifth.untilClosed();
  using sixth = await WireClient.connect(broker.address);
  await handshake(sixth, "PLAIN");
  await assert.rejects(sixth.call(MetadataRequest, MetadataResponse, 9, { topics: null }), /closed/);
});

Deno.test("Broker answers SASL with ILLEGAL_SASL_STATE where nobody is asked, and when it is done", async () => {
  await using open = await startBroker();
  using client = await WireClient.connect(open.address);
  assert.equal((await handshake(client, "PLAIN")).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  assert.deepEqual(await authenticate(client, "x"), {
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    errorMessage: "SaslAuthenticate request received after successful authentication",
    authBytes: new Uint8Array(),
    sessionLifetimeMs: 0n,
  });
  await using broker = await startBroker({ security: { sasl: { users: USERS } } });
  using known = await WireClient.connect(broker.address);
  await handshake(known, "PLAIN");
  assert.equal((await authenticate(known, `\0alice\0${PASSWORD}`)).errorCode, ErrorCode.NONE);
  assert.equal((await handshake(known, "PLAIN")).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  await known.call(MetadataRequest, MetadataResponse, 9, { topics: null });
});

Deno.test("Broker takes bare tokens after version 0 of SaslHandshake", async () => {
  await using broker = await startBroker({ security: { sasl: { users: USERS } } });
  const bare = async (client: WireClient, text: string) => {
    const token = encoder.encode(text);
    const bytes = new Uint8Array(FRAME_SIZE_BYTES + token.length);
    new DataView(bytes.buffer).setInt32(0, token.length);
    bytes.set(token, FRAME_SIZE_BYTES);
    await client.sendRaw(bytes);
  };
  using client = await WireClient.connect(broker.address);
  await handshake(client, "PLAIN", 0);
  await bare(client, `\0alice\0${PASSWORD}`);
  assert.equal((await client.readFrame())?.length, 0);
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  using stranger = await WireClient.connect(broker.address);
  await handshake(stranger, "PLAIN", 0);
  await bare(stranger, `\0alice\0${WRONG_PASSWORD}`);
  assert.equal(await stranger.readFrame(), undefined);
});

Deno.test("Broker lets an authentication hold for as long as it says, and be renewed by the same user", async () => {
  await using broker = await startBroker({
    security: { sasl: { users: { ...USERS, bob: PASSWORD } } },
    config: { connectionsMaxReauthMs: 300 },
  });
  const metadata = (client: WireClient) =>
    client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  using client = await WireClient.connect(broker.address);
  await handshake(client, "PLAIN");
  const { sessionLifetimeMs } = await authenticate(client, `\0alice\0${PASSWORD}`);
  assert.equal(sessionLifetimeMs, 300n);
  await metadata(client);
  await handshake(client, "PLAIN");
  assert.equal((await authenticate(client, `\0alice\0${PASSWORD}`)).errorCode, ErrorCode.NONE);
  await metadata(client);
  await handshake(client, "PLAIN");
  const { errorCode } = await authenticate(client, `\0bob\0${PASSWORD}`);
  assert.equal(errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  await client.untilClosed();
  using late = await WireClient.connect(broker.address);
  await handshake(late, "PLAIN");
  await authenticate(late, `\0alice\0${PASSWORD}`);
  await assert.rejects(async () => {
    for (;;) await metadata(late);
  }, /closed/);
});

Deno.test("Broker closes who does not say in time who he is, or sends too much before", async () => {
  await using broker = await startBroker({
    security: { sasl: { users: USERS } },
    limits: { authenticationMs: 100, maxUnauthenticatedFrameBytes: 1_000 },
  });
  using silent = await WireClient.connect(broker.address);
  using talker = await WireClient.connect(broker.address);
  await handshake(talker, "SCRAM-SHA-256");
  using large = await WireClient.connect(broker.address);
  await large.sendRaw(new Uint8Array([0, 0, 4, 0]));
  for (const client of [large, silent, talker]) await client.untilClosed();
});

Deno.test("Broker knows users whose SCRAM credentials were set, also after a restart, and writes no password", async () => {
  const data = await Deno.makeTempDir({ prefix: "parley-security-data-" });
  try {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const saltedPassword = saltedPasswordOf("SCRAM-SHA-512", PASSWORD, salt, 8192);
    {
      await using broker = await startBroker({ data });
      using client = await WireClient.connect(broker.address);
      const { results } = await client.call(
        AlterUserScramCredentialsRequest,
        AlterUserScramCredentialsResponse,
        0,
        {
          deletions: [],
          upsertions: [{ name: "alice", mechanism: 2, iterations: 8192, salt, saltedPassword }],
        },
      );
      assert.deepEqual(results, [{ user: "alice", errorCode: ErrorCode.NONE, errorMessage: null }]);
    }
    await using broker = await startBroker({
      data,
      listen: { hostname: "localhost", port: 0 },
      security: { sasl: { mechanisms: ["SCRAM-SHA-512"] } },
    });
    const admin = kafkajs(broker.address, "SASL_PLAINTEXT", "SCRAM-SHA-512").admin();
    await admin.connect();
    assert.deepEqual(await admin.listTopics(), []);
    await admin.disconnect();
    const journal = await Deno.readTextFile(`${data}/journals/scram_credentials.log`);
    assert.match(journal, /alice/);
    assert.ok(!journal.includes(PASSWORD));
    assert.ok(!journal.includes(btoa(String.fromCharCode(...saltedPassword))));
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("Broker tells clients to come back to the name that they asked for, or the one that it was given", async () => {
  const addresses = async (options: BrokerOptions) => {
    await using broker = await startBroker(options);
    const admin = kafkajs(broker.address, "SSL", "PLAIN").admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    await admin.disconnect();
    return [brokers.map(({ host, port }) => `${host}:${port}`), addressOf(broker.address)];
  };
  const [asked, address] = await addresses({ security: { tls: TLS } });
  assert.deepEqual(asked, [address]);
  await using told = await startBroker({ advertised: { hostname: "kafka.example", port: 19_092 } });
  using client = await WireClient.connect(told.address);
  const { brokers } = await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  assert.deepEqual(brokers.map(({ host, port }) => `${host}:${port}`), ["kafka.example:19092"]);
});

Deno.test("startBroker() listens beyond loopback only if it asks who comes, or is told to be insecure", async () => {
  const listen = { hostname: "0.0.0.0", port: 0 };
  await assert.rejects(startBroker({ listen }), { name: "ConfigError", message: /0\.0\.0\.0/ });
  await assert.rejects(startBroker({ listen, security: { tls: TLS } }), { name: "ConfigError" });
  await assert.rejects(startBroker({ security: { tls: { certFile: "no.pem", keyFile: "no.key" } } }), {
    name: "ConfigError",
    message: /no\.pem/,
  });
});

Deno.test("Broker writes no password into its log, at any level", () => {
  assert.ok(lines.some((line) => line.includes("could not authenticate itself")));
  for (const line of lines) {
    assert.ok(!line.includes(PASSWORD) && !line.includes(WRONG_PASSWORD), line);
    assert.ok(!/fault of ours/.test(line), line);
  }
});
