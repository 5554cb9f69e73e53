/** franz-go, Sarama and kafka-go do real work on the broker: see tests/support/go_clients/. */
import assert from "node:assert/strict";
import { testBroker, uniqueName } from "../support/broker.ts";
import { goClient, type GoScenario, hasGo } from "../support/go_clients.ts";
import { named, whyNotFetched } from "../support/registries.ts";

function scenario(name: GoScenario, text: string, expected: unknown): void {
  const reason = whyNotFetched(hasGo, "no Go that is new enough");
  Deno.test({
    name: named(text, reason),
    ignore: reason !== undefined,
    async fn() {
      await using broker = await testBroker();
      const result = await goClient(name, broker.bootstrapServers.join(","), uniqueName("go"));
      assert.deepEqual(result, expected);
    },
  });
}

scenario(
  "franz_versions",
  "franz-go produces, and reads in a group, with the protocol of each of Kafka's versions",
  {
    "0.11": 50,
    "1.1": 50,
    "2.1": 50,
    "2.4": 50,
    "2.6": 50,
    "2.8": 50,
    "3.0": 50,
    "3.5": 50,
    "3.9": 50,
    "4.0": 50,
  },
);

scenario("franz_exactly_once", "franz-go copies a topic exactly once, while members come, go and undo", {
  seen: 2000,
  doubled: 0,
});

scenario("sarama_group", "Sarama shares partitions between a static and a dynamic member", {
  seen: 200,
  committed: 200,
});

scenario("kafka_go_group", "kafka-go shares partitions between two members", { seen: 100, committed: 100 });
