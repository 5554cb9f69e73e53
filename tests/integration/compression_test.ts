import assert from "node:assert/strict";
import { Admin } from "../../src/kafka/admin.ts";
import { PartitionReader } from "../../src/kafka/partition_reader.ts";
import { testBroker, uniqueName } from "../support/broker.ts";
import { plainSettings, until } from "../support/kafka_settings.ts";
import { hasKcat, kcat } from "../support/kcat.ts";

const name = "PartitionReader reads what another client compressed with gzip and zstd";

Deno.test({
  name: hasKcat ? name : `${name} (left out: kcat is not installed)`,
  ignore: !hasKcat,
  async fn() {
    await using broker = await testBroker();
    const settings = plainSettings(...broker.bootstrapServers);
    const topic = uniqueName("compressed");
    await using admin = await Admin.connect(settings);
    await admin.createTopics([{ topic, numPartitions: 1 }]);
    const written: string[] = [];
    for (const codec of ["gzip", "zstd"]) {
      const lines = Array.from({ length: 100 }, (_, i) => `${codec} ${i} ${"ü".repeat(i)}`);
      // It waits for all lines before it sends, or there would be too little to compress.
      const args = ["-b", broker.bootstrapServers.join(","), "-P", "-t", topic, "-p", "0", "-z", codec];
      await kcat([...args, "-X", "linger.ms=200"], lines.join("\n") + "\n");
      written.push(...lines);
    }
    const read: string[] = [];
    await using _reader = await PartitionReader.start(settings, {
      topic,
      from: "earliest",
      onRecords: (records) => void read.push(...records.map((record) => record.text())),
    });
    await until(() => read.length >= written.length);
    assert.deepEqual(read, written);
  },
});
