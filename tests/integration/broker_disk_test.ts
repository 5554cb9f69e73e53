import assert from "node:assert/strict";
import { configureLog } from "../../src/base/log.ts";
import { type Broker, type BrokerOptions, startBroker } from "../../src/testing.ts";
import { ErrorCode } from "../../src/wire/error_codes.ts";
import { ProduceRequest, ProduceResponse } from "../../src/wire/messages/00_produce.ts";
import { FetchRequest, FetchResponse } from "../../src/wire/messages/01_fetch.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { batchOf, contentOf } from "../support/batches.ts";
import { canMount, mountTiny, remount, unmount } from "../support/tiny_disk.ts";
import { WireClient } from "../support/wire_client.ts";

/** How long a broker may not notice that its files were removed. */
const NOTICE_MS = 2;
const SMALL_SEGMENTS = { "internal.segment.bytes": "3000" };

async function produce(client: WireClient, topic: string, value: string): Promise<number> {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{
      name: topic,
      partitionData: [{ index: 0, records: batchOf([value], { timestamp: Date.now() }) }],
    }],
  };
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 9, request);
  return responses[0]?.partitionResponses[0]?.errorCode ?? assert.fail("no answer");
}

async function fetch(
  client: WireClient,
  topic: string,
  offset: bigint,
): Promise<{ errorCode: number; content: string[] }> {
  const { responses } = await client.call(FetchRequest, FetchResponse, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1 << 20,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }] }],
  });
  const { errorCode, records } = responses[0]?.partitions[0] ?? assert.fail("no answer");
  return { errorCode, content: contentOf(records ?? new Uint8Array()) };
}

/** The folder of a topic's first partition. */
async function folderOf(client: WireClient, data: string, name: string): Promise<string> {
  const { topics } = await client.call(MetadataRequest, MetadataResponse, 12, { topics: [{ name }] });
  return `${data}/topics/${topics[0]?.topicId}/0`;
}

async function withFolder(test: (data: string) => Promise<void>): Promise<void> {
  const data = await Deno.makeTempDir();
  try {
    await test(data);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

/** What the broker logs while it lives. */
class LogLines implements Disposable {
  readonly lines: string[] = [];

  constructor() {
    configureLog({ level: "warning", sink: ({ message }) => void this.lines.push(message.join("")) });
  }

  [Symbol.dispose](): void {
    configureLog({ level: "warning", sink: () => {} });
  }
}

async function started(
  data: string,
  limits: BrokerOptions["limits"] = {},
): Promise<{ broker: Broker; client: WireClient }> {
  const topics = ["bad", "good"].map((name) => ({ name, configs: SMALL_SEGMENTS }));
  const broker = await startBroker({ data, topics, limits });
  return { broker, client: await WireClient.connect(broker.address) };
}

Deno.test("Broker whose partition's folder is removed refuses that partition, in one line, and serves the rest", () =>
  withFolder(async (data) => {
    using log = new LogLines();
    const { broker, client } = await started(data);
    await using _broker = broker;
    using _client = client;
    for (const topic of ["bad", "good"]) assert.equal(await produce(client, topic, "a"), ErrorCode.NONE);
    await Deno.remove(await folderOf(client, data, "bad"), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
    for (let i = 0; i < 5; i++) {
      assert.equal(await produce(client, "bad", "b"), ErrorCode.KAFKA_STORAGE_ERROR);
      assert.equal(await produce(client, "good", "b"), ErrorCode.NONE);
    }
    const lines = log.lines.filter((line) => line.includes("bad-0"));
    assert.equal(lines.length, 1, lines.join("\n"));
  }));

Deno.test("Broker that comes to a damaged record serves that partition no more, in one line, and serves the rest", () =>
  withFolder(async (data) => {
    let path = "";
    {
      const { broker, client } = await started(data);
      await using _broker = broker;
      using _client = client;
      path = `${await folderOf(client, data, "bad")}/00000000000000000000.log`;
      for (const topic of ["bad", "good"]) {
        for (let i = 0; i < 10; i++) {
          assert.equal(await produce(client, topic, `${i}`.padEnd(1_000)), ErrorCode.NONE);
        }
      }
    }
    const bytes = await Deno.readFile(path);
    bytes[500] = (bytes[500] ?? 0) ^ 1;
    await Deno.writeFile(path, bytes);
    using log = new LogLines();
    const { broker, client } = await started(data);
    await using _broker = broker;
    using _client = client;
    for (let i = 0; i < 3; i++) {
      assert.equal((await fetch(client, "bad", 0n)).errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
    }
    assert.equal((await fetch(client, "good", 0n)).errorCode, ErrorCode.NONE);
    assert.equal(await produce(client, "bad", "more"), ErrorCode.KAFKA_STORAGE_ERROR);
    assert.equal(log.lines.filter((line) => line.includes("no good record batch at byte 0")).length, 1);
    assert.deepEqual(await Deno.readFile(path), bytes, "nothing was cut");
  }));

Deno.test({
  name:
    "Broker on a full disk refuses what has no room, keeps what it had, and goes on when there is room again (takes the right to mount)",
  ignore: !canMount,
  fn: () =>
    withFolder(async (data) => {
      assert.ok(await mountTiny(data));
      try {
        using log = new LogLines();
        const acknowledged: string[] = [];
        {
          const { broker, client } = await started(data);
          await using _broker = broker;
          using _client = client;
          const big = "x".repeat(50_000);
          await Deno.writeFile(`${data}/ballast`, new Uint8Array(60_000));
          let errorCode: number = ErrorCode.NONE;
          for (let i = 0; i < 20 && errorCode === ErrorCode.NONE; i++) {
            errorCode = await produce(client, "bad", `${i}${big}`);
            if (errorCode === ErrorCode.NONE) acknowledged.push(`${i}${big}`);
          }
          assert.equal(errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
          assert.equal(await produce(client, "bad", big), ErrorCode.KAFKA_STORAGE_ERROR);
          assert.equal(
            log.lines.filter((line) => line.startsWith("bad-0: ")).length,
            1,
            log.lines.join("\n"),
          );
          assert.equal((await fetch(client, "bad", 0n)).content.length > 0, true);
          await Deno.remove(`${data}/ballast`);
          assert.equal(await produce(client, "bad", big), ErrorCode.NONE);
          acknowledged.push(big);
        }
        const { broker, client } = await started(data);
        await using _broker = broker;
        using _client = client;
        const found: string[] = [];
        while (found.length < acknowledged.length) {
          const { errorCode, content } = await fetch(client, "bad", BigInt(found.length));
          assert.equal(errorCode, ErrorCode.NONE);
          assert.ok(content.length > 0);
          found.push(...content);
        }
        assert.deepEqual(found, acknowledged.map((value, i) => `${i}:${value}`));
      } finally {
        await unmount(data);
      }
    }),
});

Deno.test("Broker that can make no file in a partition's folder refuses what needs one, and serves what is there", () =>
  withFolder(async (data) => {
    const { broker, client } = await started(data);
    await using _broker = broker;
    using _client = client;
    assert.equal(await produce(client, "bad", "a".padEnd(2_500)), ErrorCode.NONE);
    // A name that is taken refuses everybody, the superuser too, as a read-only disk does.
    const taken = `${await folderOf(client, data, "bad")}/00000000000000000001.log`;
    await Deno.mkdir(taken);
    assert.equal(await produce(client, "bad", "b".padEnd(2_500)), ErrorCode.KAFKA_STORAGE_ERROR);
    assert.equal(await produce(client, "good", "b".padEnd(2_500)), ErrorCode.NONE);
    assert.equal((await fetch(client, "bad", 0n)).content.length, 1);
    await Deno.remove(taken);
    assert.equal(await produce(client, "bad", "b".padEnd(2_500)), ErrorCode.NONE);
  }));

/** One file is open at a time, so that the disk is in nobody's way; nothing is read from memory. */
const FROM_DISK = { maxOpenFiles: 1, maxTailBytes: 0 };

Deno.test({
  name:
    "Broker whose partition's disk is read-only refuses what it is sent, in one line, and serves what is there (takes the right to mount)",
  ignore: !canMount,
  fn: () =>
    withFolder(async (data) => {
      using log = new LogLines();
      let disk = "";
      try {
        {
          const { broker, client } = await started(data, FROM_DISK);
          await using _broker = broker;
          using _client = client;
          disk = await folderOf(client, data, "bad");
          await Deno.mkdir(disk, { recursive: true });
          assert.ok(await mountTiny(disk));
          for (const topic of ["bad", "good"]) {
            assert.equal(await produce(client, topic, "a"), ErrorCode.NONE);
          }
          assert.ok(await remount(disk, "ro"));
          for (let i = 0; i < 3; i++) {
            assert.equal(await produce(client, "bad", "b"), ErrorCode.KAFKA_STORAGE_ERROR);
            assert.deepEqual(await fetch(client, "bad", 0n), { errorCode: ErrorCode.NONE, content: ["0:a"] });
            assert.equal(await produce(client, "good", "b"), ErrorCode.NONE);
          }
          assert.equal(log.lines.length, 1, log.lines.join("\n"));
          assert.match(log.lines[0] ?? "", /^bad-0: Cannot append to '.*\.log': Read-only file system/);
        }
        {
          const { broker, client } = await started(data, FROM_DISK);
          await using _broker = broker;
          using _client = client;
          assert.equal((await fetch(client, "good", 0n)).content.length, 4);
          assert.deepEqual(await fetch(client, "bad", 0n), { errorCode: ErrorCode.NONE, content: ["0:a"] });
          assert.equal(await produce(client, "bad", "b"), ErrorCode.KAFKA_STORAGE_ERROR);
          assert.ok(await remount(disk, "rw"));
          assert.equal(await produce(client, "bad", "b"), ErrorCode.NONE);
          assert.deepEqual((await fetch(client, "bad", 1n)).content, ["1:b"]);
        }
      } finally {
        await unmount(disk);
      }
    }),
});

Deno.test({
  name: "startBroker() says in one line that the data folder is read-only (takes the right to mount)",
  ignore: !canMount,
  fn: () =>
    withFolder(async (data) => {
      assert.ok(await mountTiny(data));
      try {
        for (const isUsed of [false, true]) {
          if (isUsed) await (await startBroker({ data })).close();
          assert.ok(await remount(data, "ro"));
          await assert.rejects(startBroker({ data }), {
            name: "StorageError",
            message: new RegExp(`^Cannot open the data folder '${data}': Read-only file system[^\n]*$`),
          });
          assert.ok(await remount(data, "rw"));
        }
      } finally {
        await unmount(data);
      }
    }),
});
