import assert from "node:assert/strict";
import { probe } from "../../../src/cli/probe.ts";
import { parseAddress } from "../../../src/config.ts";
import { startBroker } from "../../../src/testing.ts";

/** Something at a port that does `serve` with each connection. */
function listen(serve: (connection: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await serve(connection).catch(() => {});
      connection.close();
    }
  })();
  return {
    address: { hostname: "127.0.0.1", port: listener.addr.port },
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

Deno.test("probe() finds a broker, learns its cluster, and tells when it is gone", async () => {
  const broker = await startBroker();
  using presence = await probe(parseAddress(broker.address) ?? assert.fail());
  assert.ok(presence);
  assert.equal(await presence.clusterId(), broker.clusterId);
  await broker.close();
  await presence.gone;
  await assert.rejects(presence.clusterId());
});

Deno.test("probe() finds nothing where nobody listens, or who listens goes away", async () => {
  let address = { hostname: "127.0.0.1", port: 0 };
  {
    await using closing = listen(() => Promise.resolve());
    address = closing.address;
    assert.equal(await probe(address), undefined);
  }
  assert.equal(await probe(address), undefined);
});

Deno.test("probe() refuses what does not speak Kafka's protocol", async () => {
  const answers = [
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    // A frame of the right size, which answers something else.
    "\x00\x00\x00\x08nonsense",
    "\x00\x00\x00\x00",
  ];
  for (const answer of answers) {
    await using other = listen(async (connection) => {
      await connection.read(new Uint8Array(64));
      await connection.write(new TextEncoder().encode(answer));
      await connection.read(new Uint8Array(64));
    });
    await assert.rejects(
      probe(other.address),
      /^Error: Something at 127\.0\.0\.1:\d+ does not speak Kafka's protocol/,
    );
  }
});
