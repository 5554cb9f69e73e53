/** kafka-python and aiokafka do real work on the broker: see tests/support/python_clients.py. */
import assert from "node:assert/strict";
import { testBroker, uniqueName } from "../support/broker.ts";
import { pythonClient, type PythonScenario } from "../support/python_clients.ts";
import { hasPython } from "../support/python_script.ts";
import { named, whyNotFetched } from "../support/registries.ts";

function scenario(name: PythonScenario, text: string, expected: unknown): void {
  const reason = whyNotFetched(hasPython, "no python3 with venv");
  Deno.test({
    name: named(text, reason),
    ignore: reason !== undefined,
    async fn() {
      await using broker = await testBroker();
      const result = await pythonClient(name, broker.bootstrapServers.join(","), uniqueName("python"));
      assert.deepEqual(result, expected);
    },
  });
}

scenario("compression", "kafka-python produces with each compression, and reads it again", {
  none: true,
  gzip: true,
  snappy: true,
  lz4: true,
  zstd: true,
});

scenario("versions", "kafka-python works with the protocol of each of Kafka's older versions", {
  "0.11": 5,
  "1.0": 5,
  "1.1": 5,
  "2.0": 5,
  "2.1": 5,
  "2.3": 5,
  "2.6": 5,
  "3.0": 5,
  "3.9": 5,
});

scenario("transactions", "kafka-python produces and commits in transactions, half of them undone", {
  read_committed: ["0", "2", "4", "6", "8"],
  committed: 8,
});

scenario("aio_fencing", "aiokafka is fenced by a second producer with its transactional id", {
  fenced: true,
  read_committed: ["old", "new"],
});

scenario("aio_group", "aiokafka shares partitions between three members, two of them static", {
  seen: 60,
  committed: 60,
});
