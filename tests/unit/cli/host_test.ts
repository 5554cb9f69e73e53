import assert from "node:assert/strict";
import { join } from "node:path";
import { EmbeddedBroker } from "../../../src/cli/embedded.ts";
import { openHost, type Served } from "../../../src/cli/host.ts";
import { type Config, parseAddress } from "../../../src/config.ts";
import { startBroker } from "../../../src/testing.ts";

/** A free port and an empty folder. */
class Place implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync();
  readonly config: Config;

  constructor() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const listen = { hostname: "127.0.0.1", port: listener.addr.port };
    listener.close();
    this.config = { kafka: undefined, listen, dataFolder: join(this.folder, "data"), color: false };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("EmbeddedBroker.kill() brings the broker back with its data, at the same address", async () => {
  await using place = new Place();
  const troubles: string[] = [];
  const options = { listen: { hostname: "127.0.0.1", port: 0 }, data: place.config.dataFolder };
  await using broker = new EmbeddedBroker(options, (message) => troubles.push(message));
  const first = await broker.attempt;
  assert.ok(first.type === "ready");
  broker.kill("a test kills it");
  const second = await broker.attempt;
  assert.ok(second.type === "ready", second.type === "failed" ? second.message : "");
  assert.deepEqual([second.address, second.clusterId], [first.address, first.clusterId]);
  assert.match(troubles.join(), /^The broker has stopped \(a test kills it\); it starts again in \d+ ms$/);
});

Deno.test("openHost() serves, is found by the next one, and is replaced by it", async () => {
  await using place = new Place();
  const changes = Promise.withResolvers<Served>();
  const first = await openHost(place.config, "first");
  await using second = await openHost(place.config, "second", { onChange: changes.resolve });
  assert.deepEqual([first.served.isHere, second.served.isHere], [true, false]);
  assert.equal(first.served.address, second.served.address);
  assert.deepEqual(second.settings, {
    bootstrapServers: [first.served.address],
    clientId: "second",
    securityProtocol: "PLAINTEXT",
  });
  await first[Symbol.asyncDispose]();
  const { isHere, address } = await changes.promise;
  assert.deepEqual([isHere, address], [true, first.served.address]);
});

Deno.test("openHost() waits for a Kafka whose data are not ours, and follows it again", async () => {
  await using place = new Place();
  const listen = place.config.listen;
  const troubles = Promise.withResolvers<string>();
  const changes = Promise.withResolvers<Served>();
  const broker = await startBroker({ listen });
  const options = { onTrouble: troubles.resolve, onChange: changes.resolve };
  await using _host = await openHost(place.config, "test", options);
  await broker.close();
  assert.match(await troubles.promise, /^The Kafka at .* is gone; waiting for it to come back$/);
  await using _again = await startBroker({ listen });
  assert.equal((await changes.promise).isHere, false);
});

Deno.test("openHost() uses the Kafka that is named, and starts nothing", async () => {
  await using place = new Place();
  const kafka = { bootstrapServers: ["a:1", "b:2"], clientId: "x", securityProtocol: "PLAINTEXT" as const };
  await using host = await openHost({ ...place.config, kafka }, "test");
  assert.deepEqual(host.settings, { ...kafka, clientId: "test" });
  assert.deepEqual([host.served.address, host.served.isHere], ["a:1,b:2", false]);
});

Deno.test("openHost() fails where the data cannot be had", async () => {
  await using place = new Place();
  await Deno.writeTextFile(join(place.folder, "file"), "");
  const config = { ...place.config, dataFolder: join(place.folder, "file", "data") };
  await assert.rejects(openHost(config, "test"), /Not a directory/);
});

Deno.test("openHost() keeps a port of its own choice", async () => {
  await using place = new Place();
  await using host = await openHost({ ...place.config, listen: { hostname: "127.0.0.1", port: 0 } }, "test");
  assert.notEqual(parseAddress(host.served.address)?.port, 0);
});
