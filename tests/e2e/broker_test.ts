import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { JoinGroupRequest } from "../../src/wire/messages/11_join_group.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { batchOf } from "../support/batches.ts";
import { canMount, mountTiny, remount, unmount } from "../support/tiny_disk.ts";
import { WireClient } from "../support/wire_client.ts";
import { Place } from "./processes.ts";

/** What `--json` writes when the broker is ready. */
interface Ready {
  readonly address: string;
  readonly data: string | null;
  readonly version: string;
  readonly http?: string;
}

async function startJson(place: Place, args: readonly string[]) {
  const running = place.start(["broker", "--memory", "--json", ...args]);
  await running.untilStdout(/\n/);
  const ready: Ready = JSON.parse(running.stdout);
  return { running, ready };
}

/** Asks for a topic's metadata, which makes it. */
async function makeTopic(client: WireClient, name: string): Promise<void> {
  const { topics } = await client.call(MetadataRequest, MetadataResponse, 9, { topics: [{ name }] });
  assert.equal(topics[0]?.errorCode, ErrorCode.NONE);
}

async function produce(client: WireClient, name: string): Promise<number | undefined> {
  const topicData = [{ name, partitionData: [{ index: 0, records: batchOf(["a", "b"]) }] }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, request);
  return responses[0]?.partitionResponses[0]?.errorCode;
}

/** Waits until the broker has read a request of an API. */
async function untilAsked({ http }: Ready, api: string): Promise<void> {
  const line = `kafka_network_requestmetrics_requests_total{request="${api}"} 1\n`;
  for (;;) {
    const metrics = await fetch(`http://${http}/metrics`);
    if ((await metrics.text()).includes(line)) return;
  }
}

Deno.test("parley broker --http serves /health and /metrics", async () => {
  await using place = new Place();
  const { running, ready } = await startJson(place, ["--http", "127.0.0.1:0"]);
  assert.deepEqual([ready.address, ready.data, ready.version], [place.listen, null, VERSION]);
  using client = await WireClient.connect(ready.address);
  await makeTopic(client, "orders");
  assert.equal(await produce(client, "orders"), ErrorCode.NONE);
  assert.equal(await produce(client, "nowhere"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);

  const health = await fetch(`http://${ready.http}/health`);
  assert.deepEqual([health.status, await health.json()], [200, { status: "ok", version: VERSION }]);
  const metrics = await fetch(`http://${ready.http}/metrics`);
  assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await metrics.text();
  for (
    const line of [
      `parley_build_info{version="${VERSION}"} 1`,
      "kafka_server_socket_server_metrics_connection_count 1",
      'kafka_network_requestmetrics_requests_total{request="Produce"} 2',
      'kafka_network_requestmetrics_errors_total{request="Produce",error="UNKNOWN_TOPIC_OR_PARTITION"} 1',
      "kafka_server_brokertopicmetrics_messagesin_total 2",
      "kafka_server_replicamanager_partitioncount 1",
      "kafka_coordinator_group_groupmetadatamanager_numgroups 0",
    ]
  ) assert.ok(text.split("\n").includes(line), `${line} is not in\n${text}`);
  const took = "kafka_network_requestmetrics_totaltime_seconds";
  assert.match(text, new RegExp(`^${took}_bucket{request="Produce",le="\\+Inf"} 2$`, "m"));
  assert.match(text, new RegExp(`^${took}_count{request="Produce"} 2$`, "m"));
  assert.match(text, /^kafka_log_log_size\{topic="orders"\} [1-9]\d*$/m);
  assert.match(text, /^kafka_server_socket_server_metrics_incoming_byte_total [1-9]\d*$/m);

  const elsewhere = await fetch(`http://${ready.http}/`);
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
  const posted = await fetch(`http://${ready.http}/metrics`, { method: "POST" });
  assert.equal(posted.status, 405);
  await posted.body?.cancel();
  running.kill("SIGTERM");
  assert.equal(await running.ended(), 0);
});

Deno.test("parley broker --faults has go wrong what the file says", async () => {
  await using place = new Place();
  const file = join(place.folder, "faults.yaml");
  await Deno.writeTextFile(file, "- api: Produce\n  topic: orders\n  nth: 2\n  error: NOT_ENOUGH_REPLICAS\n");
  const { ready } = await startJson(place, ["--faults", file, "--http", "127.0.0.1:0"]);
  using client = await WireClient.connect(ready.address);
  await makeTopic(client, "orders");
  assert.equal(await produce(client, "orders"), ErrorCode.NONE);
  assert.equal(await produce(client, "orders"), ErrorCode.NOT_ENOUGH_REPLICAS);
  assert.equal(await produce(client, "orders"), ErrorCode.NONE);
  const metrics = await fetch(`http://${ready.http}/metrics`);
  assert.match(await metrics.text(), /^parley_faults_struck_total\{rule="0"\} 1$/m);
});

Deno.test("parley broker --faults tells all that is wrong with a file, and where: exit 2", async () => {
  await using place = new Place();
  const run = async (name: string, text: string) => {
    await Deno.writeTextFile(join(place.folder, name), text);
    const { code, stdout, stderr } = await place.run(["broker", "--memory", "--faults", name]);
    assert.deepEqual([code, stdout], [2, ""]);
    return stderr;
  };
  assert.equal(
    await run(
      "rules.yaml",
      "- api: Prodcue\n  error: NOPE\n- delayMs: 5\n  cut: after\n- nth: 0\n  cut: before\n",
    ),
    "parley: rules.yaml:1:8: rules[0].api: 'Prodcue' is no API that Kafka has and we know\n" +
      "parley: rules.yaml:2:10: rules[0].error: 'NOPE' is no error of Kafka's\n" +
      "parley: rules.yaml:3:3: rules[1]: one of error, delayMs, cut, rebalance, diskFull, leaderMoved is needed, " +
      "there is delayMs and cut\n" +
      "parley: rules.yaml:5:8: rules[2].nth: 0 is not a whole number from 1 up\n",
  );
  assert.match(
    await run("rules.json", '{"api": "Produce"}'),
    /^parley: rules\.json:1:1: rules: a list of rules is needed, this is a map\n$/,
  );
  assert.match(await run("broken.yaml", "- [a\n"), /^parley: broken\.yaml:2:1: [^\n]+\n$/);
  const missing = await place.run(["broker", "--memory", "--faults", "nowhere.yaml", "--set", "x=1"]);
  assert.equal(missing.code, 2);
  assert.match(
    missing.stderr,
    /^parley: --set: Cannot set 'x': [^\n]+\nparley: --faults: 'nowhere\.yaml' cannot be read: [^\n]+\n$/,
  );
});

Deno.test("parley broker --set takes Kafka's broker configs", async () => {
  await using place = new Place();
  const { ready } = await startJson(place, ["--set", "num.partitions=3"]);
  using client = await WireClient.connect(ready.address);
  const { topics } = await client.call(MetadataRequest, MetadataResponse, 9, {
    topics: [{ name: "orders" }],
  });
  assert.equal(topics[0]?.partitions.length, 3);
});

Deno.test("parley broker --http stays on loopback, unless --insecure says otherwise", async () => {
  await using place = new Place();
  const refused = await place.run(["broker", "--memory", "--http", "0.0.0.0:0"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^parley: --http: '0\.0\.0\.0:0' is not on loopback: [^\n]+\n$/);
  const { ready } = await startJson(place, ["--http", "0.0.0.0:0", "--insecure"]);
  await using elsewhere = new Place();
  const taken = await elsewhere.run(["broker", "--memory", "--http", ready.address]);
  assert.deepEqual([taken.code, taken.stdout], [1, ""]);
  assert.match(taken.stderr, /^parley: Cannot serve --http 127\.0\.0\.1:\d+: [^\n]+\n$/);
  const port = ready.http?.split(":")[1];
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  assert.equal(health.status, 200);
  await health.body?.cancel();
});

Deno.test("parley broker --json writes its log as an object a line", async () => {
  await using place = new Place();
  const { running, ready } = await startJson(place, []);
  using client = await WireClient.connect(ready.address);
  await client.sendRaw(new Uint8Array([255, 255, 255, 255]));
  await client.untilClosed();
  await running.untilStderr(/\n/);
  const { time, level, room, message, fields } = JSON.parse(running.stderr);
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual([level, room, fields], ["warning", "broker", {}]);
  assert.match(message, /^Closed the connection of 127\.0\.0\.1/);
});

Deno.test("parley broker answers what is in flight before SIGTERM ends it", async () => {
  await using place = new Place();
  const { running, ready } = await startJson(place, ["--http", "127.0.0.1:0"]);
  using client = await WireClient.connect(ready.address);
  await makeTopic(client, "orders");
  const version = 11;
  const correlationId = await client.send(FetchRequest, version, {
    replicaId: -1,
    maxWaitMs: 60_000,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    topics: [{
      topic: "orders",
      partitions: [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }],
    }],
    forgottenTopicsData: [],
    rackId: "",
  });
  await untilAsked(ready, "Fetch");
  running.kill("SIGTERM");
  const { responses } = await client.receive(FetchResponse, version, correlationId);
  assert.equal(responses[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
  await client.untilClosed();
  assert.equal(await running.ended(), 0);
});

Deno.test("deno task parley broker takes one Ctrl-C for one, though it comes twice, and ends well", async () => {
  await using place = new Place();
  const broker = place.startTaskAtTerminal(["broker"]);
  await broker.untilStdout(/ready/);
  await broker.type("\x03");
  assert.equal(await broker.ended(), 0);
});

Deno.test("parley broker leaves at once when it is asked twice to end", async () => {
  await using place = new Place();
  const slow = ["--set", "group.initial.rebalance.delay.ms=60000", "--http", "127.0.0.1:0"];
  const { running, ready } = await startJson(place, slow);
  using client = await WireClient.connect(ready.address);
  // Whoever waits for the others of its group is answered when they are there: it holds the end up for a while.
  await client.send(JoinGroupRequest, 0, {
    groupId: "g",
    sessionTimeoutMs: 10_000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array() }],
  });
  await untilAsked(ready, "JoinGroup");
  running.kill("SIGTERM");
  running.kill("SIGINT");
  assert.equal(await running.ended(), 1);
});

Deno.test({
  name: "parley broker fails in one line where the data folder is read-only (takes the right to mount)",
  ignore: !canMount,
  fn: async () => {
    await using place = new Place();
    await Deno.mkdir(place.dataFolder);
    assert.ok(await mountTiny(place.dataFolder));
    try {
      assert.ok(await remount(place.dataFolder, "ro"));
      const { code, stdout, stderr } = await place.run(["broker"]);
      assert.deepEqual([code, stdout], [1, ""]);
      const why = "Read-only file system \\(os error 30\\)";
      assert.match(
        stderr,
        new RegExp(`^parley: Cannot open the data folder '${place.dataFolder}': ${why}.*\n$`),
      );
    } finally {
      await unmount(place.dataFolder);
    }
  },
});
