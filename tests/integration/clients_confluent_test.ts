/** confluent-kafka (Python, librdkafka) does real work on the broker: see tests/support/confluent_client.py. */
import assert from "node:assert/strict";
import { brokerKind, testBroker, uniqueName } from "../support/broker.ts";
import { confluent, type ConfluentScenario } from "../support/confluent_client.ts";
import { hasPython } from "../support/python_script.ts";
import { named, whyNotFetched } from "../support/registries.ts";

function scenario(name: ConfluentScenario, text: string, expected: unknown, isOneNode = false): void {
  const reason = whyNotFetched(hasPython, "no python3 with venv") ??
    (isOneNode && brokerKind() === "apache-3" ? "counts one node" : undefined);
  Deno.test({
    name: named(`confluent-kafka ${text}`, reason),
    ignore: reason !== undefined,
    async fn() {
      await using broker = await testBroker();
      const result = await confluent(name, broker.bootstrapServers.join(","), uniqueName("confluent"));
      assert.deepEqual(result, expected);
    },
  });
}

scenario("compression", "produces with each compression, idempotent or not, and reads it again", {
  none: 20,
  gzip: 20,
  snappy: 20,
  lz4: 20,
  zstd: 20,
});

const SHARED = { seen: 40, doubled: 0, committed: 40 };
scenario("eager", "shares partitions between two members, who come and go", SHARED);
scenario("cooperative", "shares partitions between two members, cooperatively", SHARED);

scenario(
  "transactions",
  "consumes and produces in transactions, some of them undone; a second one fences it",
  {
    read_committed: ["0", "2", "4", "6", "8", "10", "12", "14", "16", "18"],
    aborted: 4,
    committed: 10,
    fenced: true,
  },
);

scenario("admin", "manages topics, settings, groups and records", {
  retention: "60000",
  produced: 5,
  altered: true,
  offsets: [2],
  listed: true,
  state: "EMPTY",
  low: [1],
  nodes: 1,
}, true);
