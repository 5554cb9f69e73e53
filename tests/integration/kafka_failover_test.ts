/**
 * A broker of three is killed in the middle of a talk. On a cluster of its own: it is only run by `test:kafka`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Admin } from "../../src/kafka/admin.ts";
import type { KafkaSettings } from "../../src/kafka/settings.ts";
import { Replier } from "../../src/toolkit/replier.ts";
import { Requester } from "../../src/toolkit/requester.ts";
import { ApacheKafka } from "../support/apache_kafka.ts";
import { brokerKind, uniqueName } from "../support/broker.ts";

const REQUESTS = 3_000;
const IN_FLIGHT = 32;
/** The leader is killed when so many have been answered. */
const KILL_AFTER = 1_000;
const TIMEOUT_MS = 60_000;

Deno.test({
  name: "Requester and Replier lose nothing when the leader of their topic is killed",
  ignore: brokerKind() !== "apache-3",
  async fn() {
    await using kafka = await ApacheKafka.start({ nodes: 3 });
    const settings: KafkaSettings = {
      bootstrapServers: kafka.bootstrapServers,
      clientId: "failover",
      securityProtocol: "PLAINTEXT",
    };
    const topic = uniqueName("failover");
    await using admin = await Admin.connect(settings);
    await admin.createTopics([{ topic, numPartitions: 1, replicationFactor: 3 }]);

    const handled = new Map<string, number>();
    await using _replier = await Replier.start({
      settings,
      topic,
      groupId: topic,
      handler: (request) => {
        const text = request.text();
        handled.set(text, (handled.get(text) ?? 0) + 1);
        return Promise.resolve(`answer to ${text}`);
      },
    });
    await using requester = await Requester.start({ settings, replyTopic: `${topic}.replies` });

    let sent = 0;
    let answered = 0;
    let killing: Promise<void> | undefined;
    const killLeader = async () => {
      const [description] = await admin.describeTopics([topic]);
      const leader = description?.partitions[0]?.leader ?? 0;
      await kafka.kill(leader);
    };
    const lane = async () => {
      while (sent < REQUESTS) {
        const text = `request ${sent++}`;
        const reply = await requester.request(topic, { value: text }, { timeoutMs: TIMEOUT_MS });
        assert.equal(reply.text(), `answer to ${text}`);
        answered++;
        if (answered === KILL_AFTER) killing = killLeader();
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    await killing;

    assert.equal(answered, REQUESTS);
    assert.equal(handled.size, REQUESTS);
    const { timedOut, failed } = requester.stats();
    assert.deepEqual({ timedOut, failed }, { timedOut: 0, failed: 0 });
    const [after] = await admin.describeTopics([topic]);
    assert.equal(after?.partitions[0]?.isr.length, 2);
  },
});
