/** kcat (librdkafka) does real work on the broker: a transaction, a group, offsets by time. */
import assert from "node:assert/strict";
import { Admin } from "@platformatic/kafka";
import { testBroker, uniqueName } from "../support/broker.ts";
import { hasKcat, kcat } from "../support/kcat.ts";

Deno.test({
  name: `kcat reads in a group from where it was, and finds offsets by time${
    hasKcat ? "" : " (ignored: kcat is not installed)"
  }`,
  ignore: !hasKcat,
  async fn() {
    await using broker = await testBroker();
    const servers = broker.bootstrapServers.join(",");
    const topic = uniqueName("kcat");
    const admin = new Admin({ clientId: "admin", bootstrapBrokers: broker.bootstrapServers });
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
    await admin.close();
    const transactional = ["-X", `transactional.id=${topic}`];
    await kcat(["-b", servers, "-P", "-t", topic, ...transactional], "a\nb\n");
    const group = ["-X", "auto.offset.reset=earliest", "-G", topic, topic];
    const read = async (count: number) => {
      const text = await kcat(["-b", servers, "-c", String(count), "-f", "%s\n", "-q", ...group]);
      return text.trim().split("\n");
    };
    assert.deepEqual(await read(2), ["a", "b"]);
    // Only now: what it has fetched beyond its count, kcat may commit.
    await kcat(["-b", servers, "-P", "-t", topic], "c\n");
    assert.deepEqual(await read(1), ["c"]);
    assert.match(await kcat(["-b", servers, "-Q", "-t", `${topic}:0:0`]), /\[0\] offset 0/);
  },
});
