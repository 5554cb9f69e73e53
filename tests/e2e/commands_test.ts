import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";
import { Place } from "./processes.ts";

Deno.test("parley broker prints one ready line, and ends well on a signal", async () => {
  await using place = new Place();
  const broker = place.start(["broker"]);
  await broker.untilStdout(/\n/);
  assert.equal(broker.stdout, `ready on ${place.listen}, data in ${place.dataFolder}, parley ${VERSION}\n`);
  const second = await place.run(["broker"]);
  assert.deepEqual([second.code, second.stdout], [1, ""]);
  assert.match(second.stderr, /^parley: Cannot listen on 127\.0\.0\.1:\d+: the port is in use\n$/);
  broker.kill("SIGTERM");
  assert.equal(await broker.ended(), 0);

  const memory = place.start(["broker", "--memory", "--json"]);
  await memory.untilStdout(/\n/);
  const { address, data } = JSON.parse(memory.stdout);
  assert.deepEqual([address, data], [place.listen, null]);
});

Deno.test("parley produce and consume agree, across runs that serve the log in turn", async () => {
  await using place = new Place();
  const one = await place.run(["produce", "orders", "hello", "--key", "k", "--header", "a=ü"]);
  assert.equal(one.code, 0, one.stderr);
  const { timestamp, ...report } = JSON.parse(one.stdout);
  assert.deepEqual(report, { topic: "orders", partition: 0, offset: "0" });
  const json = await place.run(["produce", "orders", "-", "--format", "json"], {
    input: '{"b":1,"a":"ü"}\n"text"\nnonsense\n[3,2]\n',
  });
  assert.equal(json.code, 1);
  assert.match(json.stderr, /^parley: line 3: 'nonsense' is not JSON: .*\n$/);
  assert.equal(json.stdout.trimEnd().split("\n").length, 3);
  const bytes = await place.run(["produce", "orders", "--format", "bytes", "/wD+"]);
  assert.equal(bytes.code, 0, bytes.stderr);

  const read = await place.run(["consume", "orders", "--from", "earliest", "--max", "5"]);
  assert.equal(read.code, 0, read.stderr);
  const records = read.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(records[0], {
    topic: "orders",
    partition: 0,
    offset: "0",
    timestamp,
    key: "k",
    value: "hello",
    headers: { a: "ü" },
  });
  assert.deepEqual(records.slice(1).map(({ value, valueBase64 }) => value ?? { valueBase64 }), [
    '{"a":"ü","b":1}',
    '"text"',
    "[3,2]",
    { valueBase64: "/wD+" },
  ]);
  const later = await place.run(["consume", "orders", "--from", "3", "--max", "1"]);
  assert.equal(JSON.parse(later.stdout).value, "[3,2]");
  const since = await place.run([
    "consume",
    "orders",
    "--from",
    new Date(timestamp).toISOString(),
    "--max",
    "1",
  ]);
  assert.equal(JSON.parse(since.stdout).offset, "0");
});

Deno.test("parley consume --group goes on where the group was", async () => {
  await using place = new Place();
  await place.run(["produce", "orders"], { input: "one\ntwo\nthree\n" });
  const read = (max: string) =>
    place.run(["consume", "orders", "--group", "g", "--from", "earliest", "--max", max]);
  assert.deepEqual(valuesOf((await read("2")).stdout), ["one", "two"]);
  const groups = await place.run(["groups"]);
  assert.deepEqual(JSON.parse(groups.stdout), { group: "g", state: "Empty", members: [], lag: "1" });
  assert.deepEqual(valuesOf((await read("1")).stdout), ["three"]);
});

Deno.test("parley request and reply meet", async () => {
  await using place = new Place();
  const reply = place.start(["reply", "shout", "--exec", "tr a-z A-Z; test $(date +%Y) -gt 2000"]);
  await reply.untilStdout(/answering on shout/);
  const { code, stdout, stderr } = await place.run(["request", "shout", "hello", "--json"]);
  assert.equal(code, 0, stderr);
  const { text, topic, partition, offset } = JSON.parse(stdout);
  assert.match(topic, /^parley\.replies\./);
  assert.deepEqual([text, partition, offset], ["HELLO", 0, "0"]);
  reply.kill("SIGINT");
  assert.equal(await reply.ended(), 0);
  const late = await place.run(["request", "shout", "hello", "--timeout", "300ms"]);
  assert.equal(late.code, 1);
  assert.match(late.stderr, /^parley: No reply from 'shout' within 300 ms/);
});

Deno.test("parley topics creates, lists and deletes", async () => {
  await using place = new Place();
  const created = await place.run([
    "topics",
    "create",
    "orders",
    "--partitions",
    "3",
    "--config",
    "retention.ms=1000",
  ]);
  assert.equal(created.code, 0, created.stderr);
  const list = async () => (await place.run(["topics"])).stdout;
  assert.deepEqual(JSON.parse(await list()), { topic: "orders", partitions: 3, records: "0" });
  assert.equal((await place.run(["topics", "delete", "orders"])).code, 0);
  assert.equal(await list(), "");
});

Deno.test("parley doctor tells what a run would go by, and starts nothing", async () => {
  await using place = new Place();
  const before = await place.run(["doctor"]);
  assert.equal(before.code, 0, before.stderr);
  assert.match(before.stdout, /^data {6}.*, nothing there yet$/m);
  assert.match(
    before.stdout,
    /^kafka {5}none is named, and none is at 127\.0\.0\.1:\d+: a run would serve it$/m,
  );
  const broker = place.start(["broker"]);
  await broker.untilStdout(/ready/);
  assert.match(
    (await place.run(["doctor"])).stdout,
    /^kafka {5}127\.0\.0\.1:\d+, cluster .*, with these data$/m,
  );
  const named = await place.run(["doctor", "--bootstrap-servers", place.listen]);
  assert.match(
    named.stdout,
    /^settings {2}PLAINTEXT\nkafka {5}.* answered within \d+ ms\nbrokers {3}1 at 127/m,
  );
  broker.kill("SIGKILL");
  await broker.ended();
  const gone = await place.run(["doctor", "--bootstrap-servers", place.listen]);
  assert.equal(gone.code, 1);
  assert.match(gone.stdout, /^fault {5}.*connection refused/m);
});

Deno.test("parley demo chat has the whole talk, and exits 0", async () => {
  await using place = new Place();
  const { code, stdout, stderr } = await place.run(["demo", "chat"]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (
    const part of [
      /^tony: Jarvis, are you up\?\njarvis: .* {2}[\d.]+ ms$/m,
      /broker {3}127\.0\.0\.1:\d+, served from here/,
      /^jarvis: The armour is red and gold, sir\. {2}[\d.]+ ms$/m,
      /^tony: Do\. And put some music on\. {2}[\d.]+ ms$/m,
      /put the soldering iron down {2}\(unasked\)$/m,
      /p50 [\d.]+ ms, p99 [\d.]+ ms/,
    ]
  ) {
    assert.match(stdout, part);
  }
});

Deno.test("parley completion prints a script that the shell takes", async () => {
  await using place = new Place();
  const { code, stdout } = await place.run(["completion", "bash"]);
  assert.equal(code, 0);
  const typed = 'COMP_WORDS=(parley chat --b); COMP_CWORD=2; _parley; echo "${COMPREPLY[@]}"';
  const { stdout: answer } = await new Deno.Command("bash", { args: ["-c", `${stdout}\n${typed}`] }).output();
  assert.equal(new TextDecoder().decode(answer).trim(), "--brain --bootstrap-servers");
});

for (
  const { name, args = ["chat", "tony", "--say", "hi"], environment = {}, line } of [
    { name: "no command that there is", args: ["chta"], line: "unknown command 'chta' (Did you mean chat?)" },
    {
      name: "no command that is like one",
      args: ["frobnicate"],
      line: "unknown command 'frobnicate': parley --help names those that there are",
    },
    {
      name: "a format that is none",
      args: ["produce", "t", "x", "--format", "xml"],
      line: "--format: 'xml' is none of json, string, bytes.",
    },
    {
      name: "a shell that is none",
      args: ["completion", "tcsh"],
      line: "SHELL: 'tcsh' is none of bash, zsh, fish.",
    },
    {
      name: "a group without a name",
      args: ["consume", "t", "--group", ""],
      line: "--group: '' is not a group's name: it has at least one character.",
    },
    {
      name: "more partitions than there can be",
      args: ["topics", "create", "t", "--partitions", "2147483648"],
      line: "--partitions: '2147483648' is more than a topic can have: 2147483647 at most.",
    },
    { name: "no flag that there is", args: ["chat", "tony", "--sya", "x"], line: /unknown option '--sya'/ },
    { name: "a name that is none", args: ["chat", "a b"], line: /^NAME: 'a b' is not a name/ },
    {
      name: "a brain that is none",
      args: ["chat", "a", "--brain", "robot"],
      line: /^--brain: Cannot choose a brain/,
    },
    {
      name: "a span that is none",
      args: ["chat", "a", "--timeout", "x"],
      line: /^--timeout: 'x' is not a span/,
    },
    {
      name: "a topic that is none",
      args: ["produce", "a b", "x"],
      line: /^TOPIC: 'a b' is not a topic's name/,
    },
    {
      name: "a value that is no JSON",
      args: ["produce", "t", "{", "--format", "json"],
      line: /'\{' is not JSON/,
    },
    {
      name: "a place that is none",
      args: ["consume", "t", "--from", "soon"],
      line: /^--from: 'soon' is none of/,
    },
    { name: "no way to reply", args: ["reply", "t"], line: /reply needs one of --echo/ },
    {
      name: "two ways to reply",
      args: ["reply", "t", "--echo", "--http", "http://a"],
      line: /cannot be used with/,
    },
    {
      name: "an address that is none",
      args: ["broker", "--listen", "9092"],
      line: /'9092' is not HOST:PORT/,
    },
    {
      name: "an address beyond loopback",
      args: ["broker", "--memory", "--listen", "0.0.0.0:0"],
      line: /^Cannot listen on 0\.0\.0\.0 as nobody is asked who it is/,
    },
    {
      name: "an address beyond loopback for the broker of a chat",
      args: ["chat", "tony", "--listen", "0.0.0.0:9092"],
      line: /not on loopback/,
    },
    {
      name: "a certificate without its key",
      args: ["broker", "--memory", "--tls-cert", "cert.pem"],
      line: /^--tls-cert and --tls-key go together/,
    },
    {
      name: "a file of users that is not there",
      args: ["broker", "--memory", "--listen", "127.0.0.1:0", "--users", "no-such-file"],
      line: /^Cannot read the users of 'no-such-file'/,
    },
    {
      name: "a SASL mechanism that the broker does not have",
      args: ["broker", "--memory", "--sasl", "GSSAPI"],
      line: /^--sasl: 'GSSAPI' is not known/,
    },
    {
      name: "an unknown mechanism",
      environment: {
        KAFKA_BOOTSTRAP_SERVERS: "a:1",
        KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
        KAFKA_SASL_MECHANISMS: "GSSAPI",
        KAFKA_SASL_USERNAME: "u",
        KAFKA_SASL_PASSWORD: "secret",
      },
      line: /^KAFKA_SASL_MECHANISMS \(environment\): 'GSSAPI' is not known/,
    },
  ]
) {
  Deno.test(`parley refuses ${name}: exit 2, one line`, async () => {
    await using place = new Place();
    const { code, stdout, stderr } = await place.run(args, { environment });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^parley: [^\n]+\n$/);
    const said = stderr.slice("parley: ".length).trimEnd();
    if (typeof line === "string") assert.equal(said, line);
    else assert.match(said, line);
  });
}

Deno.test("parley reports all faults of the settings at once, from .env too, and no secret", async () => {
  await using place = new Place();
  const secret = "hunter2-hunter2";
  await Deno.writeTextFile(
    join(place.folder, ".env"),
    `KAFKA_BOOTSTRAP_SERVERS=nonsense\nKAFKA_SECURITY_PROTOCOL=SASL_SSL\nKAFKA_SASL_PASSWORD=${secret}\n`,
  );
  const { code, stderr } = await place.run(["topics"]);
  assert.equal(code, 2);
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    "parley: KAFKA_BOOTSTRAP_SERVERS (.env): 'nonsense' is not HOST:PORT",
    "parley: KAFKA_SASL_MECHANISMS: SASL_SSL needs one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
    "parley: KAFKA_SASL_USERNAME: SASL_SSL needs a user name",
  ]);
});

Deno.test("parley says in one line that a Kafka cannot be reached, and exits 1", async () => {
  await using place = new Place();
  const { code, stdout, stderr } = await place.run([
    "produce",
    "t",
    "x",
    "--bootstrap-servers",
    place.listen,
  ]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^parley: [^\n]*connection refused[^\n]*\n$/);
});

for (
  const { name, args, line } of [
    {
      name: "that there is no such topic",
      args: ["consume", "orders"],
      line: "Topic 'orders' does not exist",
    },
    {
      name: "that there is no such topic for a group",
      args: ["consume", "orders", "--group", "g"],
      line: "Topic 'orders' does not exist",
    },
    {
      name: "which config a topic cannot have",
      args: ["topics", "create", "orders", "--config", "retention.ms=long"],
      line: "Cannot create topic 'orders' with retention.ms=long: Configuration is invalid",
    },
  ]
) {
  Deno.test(`parley says in one line ${name}: exit 1`, async () => {
    await using place = new Place();
    const { code, stdout, stderr } = await place.run(args);
    assert.deepEqual([code, stdout, stderr], [1, "", `parley: ${line}\n`]);
  });
}

Deno.test("parley consume says which offset is not there, and goes on where the log begins", async () => {
  await using place = new Place();
  await place.run(["produce", "orders", "hello"]);
  const { code, stdout, stderr } = await place.run(["consume", "orders", "--from", "99", "--max", "1"]);
  assert.deepEqual([code, valuesOf(stdout)], [0, ["hello"]]);
  assert.match(stderr, /^parley: Cannot read orders\/0 at offset 99: [^\n]+\n$/);
});

Deno.test("parley says in one line that something else listens where the broker would", async () => {
  await using place = new Place();
  const [, port = ""] = place.listen.split(":");
  await using _server = Deno.serve(
    { hostname: "127.0.0.1", port: Number(port), onListen: () => {} },
    () => new Response("hello"),
  );
  const { code, stderr } = await place.run(["topics"]);
  assert.equal(code, 1);
  assert.match(stderr, /^parley: Something at 127\.0\.0\.1:\d+ does not speak Kafka's protocol: [^\n]+\n$/);
});

function valuesOf(output: string): string[] {
  return output.trimEnd().split("\n").map((line) => JSON.parse(line).value);
}
