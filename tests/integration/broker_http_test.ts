import assert from "node:assert/strict";
import { type Broker, type BrokerCounts, startBroker } from "../../src/testing.ts";
import { serveBrokerHttp } from "../../src/cli/broker_http.ts";

const LISTEN = { hostname: "127.0.0.1", port: 0 };

async function get(address: string, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, text: await response.text() };
}

Deno.test("serveBrokerHttp() tells of a broker that does not answer: 503", async () => {
  const counts = () => Promise.reject<BrokerCounts>(new Error("The broker does not answer"));
  await using http = serveBrokerHttp({ listen: LISTEN, counts, version: "1" });
  const health = await get(http.address, "/health");
  assert.equal(health.status, 503);
  assert.deepEqual(JSON.parse(health.text), {
    status: "down",
    reason: "The broker does not answer",
    version: "1",
  });
  assert.deepEqual(await get(http.address, "/metrics"), {
    status: 503,
    text: "The broker does not answer\n",
  });
});

Deno.test("serveBrokerHttp() asks the broker anew each time, and tells what it holds by then", async () => {
  await using broker: Broker = await startBroker({ topics: [{ name: "t" }] });
  await using http = serveBrokerHttp({
    listen: LISTEN,
    counts: () => Promise.resolve(broker.counts()),
    version: "1",
  });
  const first = await Deno.connect({ hostname: "127.0.0.1", port: Number(broker.address.split(":")[1]) });
  const line = /^kafka_server_socket_server_metrics_connection_count (\d+)$/m;
  const counted = async () => line.exec((await get(http.address, "/metrics")).text)?.[1];
  while (await counted() !== "1");
  first.close();
  while (await counted() !== "0");
});
