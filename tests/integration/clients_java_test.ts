/** Java's clients and Apache Kafka's stock tools do real work on the broker, all in one JVM. */
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { batchOf } from "../support/batches.ts";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { hasJdk, KafkaTools } from "../support/kafka_tools.ts";
import { named, whyNotFetched } from "../support/registries.ts";
import { WireClient } from "../support/wire_client.ts";
import { InitProducerId, Produce } from "../support/wire_pairs.ts";

const reason = whyNotFetched(hasJdk, "no JDK") ??
  (brokerKind() === "apache-3" ? "asks one node for all" : undefined);

Deno.test({
  name: named("Apache Kafka's stock tools work on the broker", reason),
  ignore: reason !== undefined,
  async fn(t) {
    await using broker = await testBroker();
    await using tools = await KafkaTools.start();
    const topic = uniqueName("tools");
    const group = topic;
    const run = async (tool: Parameters<KafkaTools["ok"]>[0], args: readonly string[], input?: string) =>
      await tools.ok(tool, ["--bootstrap-server", broker.bootstrapServers.join(","), ...args], input);
    /** The rows of a table after its header, by cells. */
    const rows = (text: string, header: string) => {
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      const at = lines.findIndex((line) => line.startsWith(header));
      return lines.slice(at + 1).map((line) => line.trim().split(/\s+/));
    };

    await t.step("kafka-topics creates, lists, alters and describes", async () => {
      const created = await run("kafka-topics", ["--create", "--topic", topic, "--partitions", "2"]);
      assert.match(created, new RegExp(`Created topic ${topic}`));
      assert.ok((await run("kafka-topics", ["--list"])).split("\n").includes(topic));
      await run("kafka-topics", ["--alter", "--topic", topic, "--partitions", "3"]);
      const described = await run("kafka-topics", ["--describe", "--topic", topic]);
      assert.match(described, /PartitionCount: 3\tReplicationFactor: 1/);
      assert.match(described, /Partition: 2\tLeader: 1\tReplicas: 1\tIsr: 1/);
      const again = await tools.run("kafka-topics", [
        ...["--bootstrap-server", broker.bootstrapServers.join(",")],
        ...["--create", "--topic", topic],
      ]);
      assert.equal(again.status, 1);
      assert.match(again.text, /already exists/);
    });

    await t.step("kafka-console-producer's lines come out of kafka-console-consumer", async () => {
      const keyed = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
      for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
        const lines = Array.from({ length: 4 }, (_, i) => `${i}:${codec} ${i}\n`).join("");
        await run(
          "kafka-console-producer",
          ["--topic", topic, "--compression-codec", codec, ...keyed],
          lines,
        );
      }
      const options = ["--topic", topic, "--from-beginning", "--max-messages", "20", "--group", group];
      const consumed = (await run("kafka-console-consumer", options)).split("\n");
      for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
        assert.equal(consumed.filter((line) => line.startsWith(`${codec} `)).length, 4, codec);
      }
    });

    await t.step("kafka-consumer-groups describes, resets and deletes", async () => {
      const lags = async () => {
        const text = await run("kafka-consumer-groups", ["--describe", "--group", group]);
        return rows(text, "GROUP").reduce((sum, cells) => sum + Number(cells[5]), 0);
      };
      assert.equal(await lags(), 0);
      const state = await run("kafka-consumer-groups", ["--describe", "--group", group, "--state"]);
      assert.match(state, /Empty +0/);
      const of = ["--group", group, "--topic", topic];
      const reset = await run("kafka-consumer-groups", [
        "--reset-offsets",
        ...of,
        "--to-earliest",
        "--execute",
      ]);
      assert.equal(rows(reset, "GROUP").length, 3);
      assert.equal(await lags(), 20);
      await run("kafka-consumer-groups", ["--reset-offsets", ...of, "--shift-by", "1", "--execute"]);
      assert.ok((await run("kafka-consumer-groups", ["--list"])).split("\n").includes(group));
      const forgotten = await run("kafka-consumer-groups", ["--delete-offsets", ...of]);
      assert.equal(forgotten.match(/Successful/g)?.length, 3);
      const deleted = await run("kafka-consumer-groups", ["--delete", "--group", group]);
      assert.match(deleted, /was successful/);
    });

    await t.step("kafka-configs alters and describes", async () => {
      const of = ["--entity-type", "topics", "--entity-name", topic];
      await run("kafka-configs", ["--alter", ...of, "--add-config", "retention.ms=60000"]);
      assert.match(await run("kafka-configs", ["--describe", ...of]), /retention\.ms=60000 sensitive=false/);
      await run("kafka-configs", ["--alter", ...of, "--delete-config", "retention.ms"]);
      assert.doesNotMatch(await run("kafka-configs", ["--describe", ...of]), /retention\.ms=60000/);
      const node = ["--entity-type", "brokers", "--entity-name", "1", "--all"];
      assert.match(await run("kafka-configs", ["--describe", ...node]), /message\.max\.bytes=1048588/);
    });

    await t.step("kafka-configs describes all that there is of a type", async () => {
      const topics = await run("kafka-configs", ["--describe", "--entity-type", "topics"]);
      assert.match(topics, new RegExp(`Dynamic configs for topic ${topic} are:`));
      const user = ["--entity-type", "users", "--entity-name", topic];
      await run("kafka-configs", ["--alter", ...user, "--add-config", "SCRAM-SHA-256=[password=stark]"]);
      const scram = new RegExp(`'${topic}' are SCRAM-SHA-256=iterations=4096`);
      assert.match(await run("kafka-configs", ["--describe", ...user]), scram);
      assert.match(await run("kafka-configs", ["--describe", "--entity-type", "users"]), scram);
      for (const type of ["clients", "ips", "client-metrics", "groups"]) {
        await run("kafka-configs", ["--describe", "--entity-type", type]);
      }
    });

    await t.step("kafka-get-offsets sees the ends", async () => {
      const text = await run("kafka-get-offsets", ["--topic", topic]);
      const ends = text.trim().split("\n").map((line) => Number(line.split(":")[2]));
      assert.equal(ends.reduce((sum, end) => sum + end, 0), 20);
    });

    await t.step("kafka-log-dirs tells sizes", async () => {
      const text = await run("kafka-log-dirs", ["--describe", "--topic-list", topic]);
      assert.match(text, new RegExp(`"partition":"${topic}-2","size":\\d+,"offsetLag":0,"isFuture":false`));
    });

    await t.step("kafka-verifiable-producer's records come to kafka-verifiable-consumer", async () => {
      const name = `${topic}-verified`;
      await run("kafka-topics", ["--create", "--topic", name]);
      const produced = await run("kafka-verifiable-producer", ["--topic", name, "--max-messages", "50"]);
      assert.match(produced, /"name":"tool_data","sent":50,"acked":50/);
      const group = ["--group-id", name, "--reset-policy", "earliest"];
      const read = ["--topic", name, "--max-messages", "50", ...group];
      assert.match(await run("kafka-verifiable-consumer", read), /"topic":"[^"]+","partition":0,"offset":50/);
    });

    await t.step("kafka-producer-perf-test, kafka-consumer-perf-test and kafka-e2e-latency", async () => {
      const name = `${topic}-perf`;
      await run("kafka-topics", ["--create", "--topic", name]);
      const load = ["--num-records", "2000", "--record-size", "500", "--throughput", "-1"];
      const sent = await run("kafka-producer-perf-test", ["--topic", name, ...load]);
      assert.match(sent, /^2000 records sent/m);
      const read = await run("kafka-consumer-perf-test", ["--topic", name, "--num-records", "2000"]);
      assert.equal(rows(read.replaceAll(",", ""), "start.time")[0]?.[6], "2000");
      const latency = ["--num-records", "20", "--producer-acks", "all", "--record-size", "20"];
      assert.match(
        await run("kafka-e2e-latency", ["--topic", `${topic}-e2e`, ...latency]),
        /Percentiles: 50th/,
      );
    });

    await t.step("kafka-transactions sees what a transactional producer did", async () => {
      const load = ["--num-records", "30", "--record-size", "50", "--throughput", "-1"];
      const transactional = ["--transactional-id", topic, "--transaction-duration-ms", "1000"];
      await run("kafka-producer-perf-test", ["--topic", topic, ...load, ...transactional]);
      assert.match(
        await run("kafka-transactions", ["list"]),
        new RegExp(`${topic} *\t1 *\t\\d+ *\tCompleteCommit`),
      );
      const described = await run("kafka-transactions", ["describe", "--transactional-id", topic]);
      assert.match(described, /CompleteCommit/);
      const partitions = ["0", "1", "2"].map((partition) =>
        run("kafka-transactions", ["describe-producers", "--topic", topic, "--partition", partition])
      );
      assert.ok((await Promise.all(partitions)).some((text) => rows(text, "ProducerId").length > 0));
      const options = ["--topic", topic, "--from-beginning", "--max-messages", "50"];
      const committed = ["--isolation-level", "read_committed"];
      const consumed = await run("kafka-console-consumer", [
        ...options,
        ...committed,
        "--timeout-ms",
        "20000",
      ]);
      assert.match(consumed, /Processed a total of 50 messages/);
    });

    await t.step("kafka-transactions aborts what hangs", async () => {
      using client = await WireClient.connect(broker.bootstrapServers[0] ?? "");
      const init = { transactionalId: topic, transactionTimeoutMs: 600_000 };
      const { producerId, producerEpoch } = await client.call(
        InitProducerId.request,
        InitProducerId.response,
        4,
        init,
      );
      const of = ["--topic", topic, "--partition", "0"];
      const startOffset = async () => {
        const producers = rows(await run("kafka-transactions", ["describe-producers", ...of]), "ProducerId");
        return producers.find(([id]) => id === String(producerId))?.[5];
      };
      const abort = async (baseSequence: number, byWhat: (startOffset: string) => string[]) => {
        const records = batchOf(["never"], {
          producerId,
          producerEpoch,
          baseSequence,
          isTransactional: true,
        });
        const { responses } = await client.call(Produce.request, Produce.response, 12, {
          transactionalId: topic,
          acks: -1,
          timeoutMs: 5_000,
          topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
        });
        const { errorCode, baseOffset } = responses[0]?.partitionResponses[0] ?? assert.fail("no answer");
        assert.equal(errorCode, ErrorCode.NONE);
        assert.equal(await startOffset(), String(baseOffset));
        await run("kafka-transactions", ["abort", ...of, ...byWhat(String(baseOffset))]);
        assert.equal(await startOffset(), "None");
      };
      await abort(0, (startOffset) => ["--start-offset", startOffset]);
      const who = ["--producer-id", String(producerId), "--producer-epoch", String(producerEpoch)];
      await abort(1, () => [...who, "--coordinator-epoch", "0"]);
    });

    await t.step("kafka-topics deletes", async () => {
      await run("kafka-topics", ["--delete", "--topic", topic]);
      assert.ok(!(await run("kafka-topics", ["--list"])).split("\n").includes(topic));
    });
  },
});
