import assert from "node:assert/strict";
import type { FromBrokerWorker, ToBrokerWorker } from "../../src/broker/protocol.ts";
import { MetadataRequest, MetadataResponse } from "../../src/wire/messages/03_metadata.ts";
import { WORKERS } from "../../src/workers.ts";
import { WireClient } from "../support/wire_client.ts";

/** The broker's worker, told something, and its next word. */
class Hosted implements Disposable {
  readonly #worker = new Worker(WORKERS.broker, { type: "module" });

  tell(message: ToBrokerWorker | null): Promise<FromBrokerWorker> {
    return new Promise((resolve) => {
      this.#worker.onmessage = ({ data }: MessageEvent<FromBrokerWorker>) => resolve(data);
      this.#worker.postMessage(message);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

Deno.test("The broker's worker says that it is ready, serves, and stops", async () => {
  using host = new Hosted();
  const ready = await host.tell({ type: "start", options: { topics: [{ name: "t" }] } });
  assert.equal(ready.type, "ready");
  if (ready.type !== "ready") return;
  {
    using client = await WireClient.connect(ready.address);
    const { topics } = await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
    assert.equal(topics[0]?.name, "t");
  }
  assert.deepEqual(await host.tell({ type: "stop" }), { type: "stopped" });
});

Deno.test("The broker's worker tells its counts, also those of its faults", async () => {
  using host = new Hosted();
  const faults = [{ api: "Metadata", error: "UNKNOWN_SERVER_ERROR" }] as const;
  const ready = await host.tell({
    type: "start",
    options: { topics: [{ name: "t", partitions: 2 }], faults },
  });
  assert.ok(ready.type === "ready");
  using client = await WireClient.connect(ready.address);
  await client.call(MetadataRequest, MetadataResponse, 9, { topics: null });
  const told = await host.tell({ type: "count" });
  assert.ok(told.type === "counts");
  const { connectionsCount, requests, errors, partitionsCount, topics, faults: struck } = told.counts;
  assert.deepEqual([connectionsCount, partitionsCount], [1, 2]);
  assert.deepEqual(requests, [{ api: "Metadata", count: 1 }]);
  assert.deepEqual(errors, [{ api: "Metadata", error: "UNKNOWN_SERVER_ERROR", count: 1 }]);
  assert.deepEqual(topics.map(({ topic }) => topic), ["t"]);
  assert.deepEqual(struck, [{ matchedCount: 1, struckCount: 1 }]);
  assert.deepEqual(await host.tell({ type: "stop" }), { type: "stopped" });
});

Deno.test("The broker's worker says why it does not start", async () => {
  const data = await Deno.makeTempDir();
  try {
    using host = new Hosted();
    const ready = await host.tell({ type: "start", options: { data } });
    assert.ok(ready.type === "ready");
    const port = Number(ready.address.split(":")[1]);
    const reason = async (options: Extract<ToBrokerWorker, { type: "start" }>["options"]) => {
      using other = new Hosted();
      const answer = await other.tell({ type: "start", options });
      return answer.type === "failed" ? answer.reason : answer.type;
    };
    assert.equal(await reason({ data }), "data-locked");
    assert.equal(await reason({ listen: { hostname: "127.0.0.1", port } }), "port-in-use");
    assert.equal(await reason({ data: `${data}/meta.json` }), "other");
    assert.deepEqual(await host.tell({ type: "stop" }), { type: "stopped" });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("The broker's worker tells its host of an error that nobody caught, and prints nothing", async () => {
  using host = new Hosted();
  const told = await host.tell(null);
  assert.equal(told.type, "fault");
  assert.match(told.type === "fault" ? told.error : "", /null/);
});
