import assert from "node:assert/strict";
import { Client } from "../../../src/kafka/client.ts";
import { plainSettings } from "../../support/kafka_settings.ts";

Deno.test("Client.connect() that is given up leaves no connection behind", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stop = new AbortController();
  const connecting = Client.connect(plainSettings(`127.0.0.1:${silent.addr.port}`), stop.signal);
  using connection = await silent.accept();
  await connection.read(new Uint8Array(1_024));
  stop.abort(new Error("no more"));
  await assert.rejects(connecting, /no more/);
  let read: number | null = 1;
  while (read !== null) read = await connection.read(new Uint8Array(1_024)).catch(() => null);
});

/** Answers ApiVersions with Metadata 0 to 6 alone, and what comes next with `then`. */
async function answerOnce(listener: Deno.TcpListener, then: Uint8Array | undefined): Promise<void> {
  using connection = await listener.accept();
  const request = new Uint8Array(1_024);
  await connection.read(request);
  const answer = new Uint8Array(20);
  const view = new DataView(answer.buffer);
  view.setInt32(0, 16);
  answer.set(request.subarray(8, 12), 4);
  view.setInt32(10, 1);
  view.setInt16(14, 3);
  view.setInt16(18, 6);
  await connection.write(answer);
  await connection.read(request);
  if (then !== undefined) await connection.write(then);
}

Deno.test("Client.connect() tells why a request failed, not that the connection was then closed", async () => {
  const alert = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40);
  for (
    const [then, reason] of [
      [undefined, /: connection closed by the broker: is PLAINTEXT its security protocol\?$/],
      [
        alert,
        /: the answer of 352518912 bytes is none of Kafka's protocol: is PLAINTEXT its security protocol\?$/,
      ],
    ] as const
  ) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = answerOnce(listener, then);
    await assert.rejects(Client.connect(plainSettings(`127.0.0.1:${listener.addr.port}`)), {
      code: "NETWORK_EXCEPTION",
      message: reason,
    });
    await answering;
  }
});
